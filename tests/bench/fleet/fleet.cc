// A fleet of relays on loopback for measuring derpprobe: N regions with one node each, every node
// with an address of its own in 127.0.0.0/8. The healthy ones are one relay and one STUN server
// that listen on all addresses; the silent ones are sockets whose queue of connections is full, so
// that SYN and STUN request vanish as behind a firewall. Writes the map, the certificate to trust
// and lines for a hosts file; serves until SIGTERM. Usage: fleet REGIONS SILENT FOLDER [own]
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <fmt/format.h>

#include "common/base/log.h"
#include "common/crypto/random.h"
#include "common/net/certificate.h"
#include "common/net/event_loop.h"
#include "common/net/sockets.h"
#include "derper/relay/relay.h"
#include "derper/stun/stun_server.h"
#include "derper/web/small_replies.h"

namespace {

using namespace derp;

// What a region looks like from outside; regions count from 1.
IpAddress AddressOf(unsigned region) {
  return IpAddress::V4({127, 1, static_cast<std::uint8_t>(region / 250),
                        static_cast<std::uint8_t>(region % 250 + 1)});
}
std::string HostOf(unsigned region) { return fmt::format("r{}.fleet.test", region); }

struct Ports {
  std::uint16_t derp = 0;
  std::uint16_t stun = 0;
};

// Every other region is silent, until there are enough.
bool IsSilent(unsigned region, unsigned silent_regions) {
  return region % 2 == 1 && region / 2 < silent_regions;
}

struct Fleet {
  unsigned regions = 0;
  unsigned silent = 0;
  bool own = false;  // a relay for each region
  Ports healthy_ports{};
  Ports silent_ports{};
};

void WriteMap(const std::string& path, const Fleet& fleet) {
  std::ofstream file(path);
  file << "{\"Regions\":{";
  for (unsigned i = 1; i <= fleet.regions; ++i) {
    const Ports& ports = IsSilent(i, fleet.silent) ? fleet.silent_ports : fleet.healthy_ports;
    file << fmt::format(
        R"({}"{}":{{"RegionID":{},"RegionCode":"r{}","RegionName":"Region {}","Nodes":[{{)"
        R"("Name":"{}a","RegionID":{},"HostName":"{}","IPv4":"{}",)"
        R"("DERPPort":{},"STUNPort":{}}}]}})",
        i == 1 ? "" : ",", i, i, i, i, i, i, HostOf(i), AddressOf(i).ToString(), ports.derp,
        ports.stun);
  }
  file << "}}\n";
}

void WriteHosts(const std::string& path, unsigned regions) {
  std::ofstream file(path);
  file << "127.0.0.1 localhost\n";
  for (unsigned i = 1; i <= regions; ++i) {
    file << AddressOf(i).ToString() << ' ' << HostOf(i) << '\n';
  }
}

struct Authority {
  net::PrivateKey key;
  net::Certificate certificate;
};

constexpr auto kBefore = std::chrono::hours(1);
constexpr auto kLife = std::chrono::hours(24 * 90);

Authority MakeAuthority(WallTime now) {
  net::PrivateKey key = net::PrivateKey::GenerateP256();
  net::Certificate certificate = net::IssueCertificate({.common_name = "fleet CA",
                                                        .names = {},
                                                        .not_before = now - kBefore,
                                                        .not_after = now + kLife,
                                                        .is_ca = true},
                                                       key, nullptr, key);
  return {std::move(key), std::move(certificate)};
}

using Context = std::shared_ptr<const net::TlsServerContext>;

// With a certificate for `name`.
Context MakeContext(const Authority& authority, const NodePublic& server, const std::string& name,
                    WallTime now) {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate leaf = net::IssueCertificate(
      {.common_name = name, .names = {name}, .not_before = now - kBefore, .not_after = now + kLife},
      key, &authority.certificate, authority.key);
  net::TlsServerOptions options{.chain = {leaf},
                                .key = key,
                                .meta_certificate = net::MakeMetaCertificate(server, now),
                                .accept_sni = {},
                                .versions = net::TlsVersions::kFrom12,
                                .tickets = true};  // as Tailscale's derper
  return net::TlsServerContext::Make(std::move(options)).value();
}

// Takes no connection and answers no datagram.
struct SilentRegion {
  net::Fd listener;
  net::Fd udp;
  std::vector<net::Fd> filling;
};

// The first one picks the ports (zero), the others take the same.
SilentRegion MakeSilent(unsigned region, Ports& ports) {
  const IpAddress address = AddressOf(region);
  SilentRegion silent;
  silent.listener = net::ListenTcp({address, ports.derp}, {}).value();
  ::listen(silent.listener.get(), 0);  // room for one
  silent.udp = net::BindUdp({address, ports.stun}).value();
  ports.derp = net::LocalAddress(silent.listener.get()).value().port;
  ports.stun = net::LocalAddress(silent.udp.get()).value().port;
  for (int i = 0; i < 2; ++i) {
    silent.filling.push_back(net::StartConnectTcp({address, ports.derp}).value());
  }
  return silent;
}

// The healthy regions' relays.
class Relays {
 public:
  Relays(net::EventLoop& control, const Logger& logger, RandomSource& random)
      : control_(control), logger_(logger), random_(random) {}

  // Port 0 picks one. Returns the port, 0 after an error.
  std::uint16_t Start(const SocketAddress& at, const std::string& name, unsigned workers) {
    const NodePrivate key = NodePrivate::Generate(random_);
    const Context context = MakeContext(authority_, key.Public(), name, now_);
    auto relay = relay::Relay::Start(
        {.private_key = key,
         .listeners = {{.address = at,
                        .tls = true,
                        .serves_derp = true,
                        .site = http::Answering([](const http::Request& request) {
                          return relay::ProbeReply(request);
                        })}},
         .tls_context = [context] { return context; },
         .workers = workers},
        control_, logger_, random_);
    if (!relay) {
      logger_.Error("{}", relay.error().context);
      return 0;
    }
    running_.push_back(std::move(*relay));
    return running_.back()->Addresses().front().port;
  }

  std::string authority_pem() const { return net::ToPem(authority_.certificate); }

  void Stop() {
    for (const auto& relay : running_) relay->Stop(Duration::zero());
  }

 private:
  net::EventLoop& control_;
  const Logger& logger_;
  RandomSource& random_;
  const WallTime now_ = SystemClock().WallNow();
  const Authority authority_ = MakeAuthority(now_);
  std::vector<std::unique_ptr<relay::Relay>> running_;
};

// False after an error. With one relay for all, it has one worker per core; with one for each
// region each has one worker, a key and a certificate of its own.
bool StartRelays(Fleet& fleet, Relays& relays) {
  std::uint16_t& port = fleet.healthy_ports.derp;
  if (!fleet.own) {
    port = relays.Start({IpAddress(), 0}, "*.fleet.test", 0);
    return port != 0;
  }
  for (unsigned i = 1; i <= fleet.regions; ++i) {
    if (IsSilent(i, fleet.silent)) continue;
    port = relays.Start({AddressOf(i), port}, HostOf(i), 1);
    if (port == 0) return false;
  }
  return true;
}

int Serve(Fleet fleet, const std::string& folder) {
  const Logger logger;
  const SystemClock clock;
  SystemRandom random;
  net::RaiseDescriptorLimit();
  net::EventLoop control;
  Relays relays(control, logger, random);
  if (!StartRelays(fleet, relays)) return 1;
  auto stun = relay::StunServer::Start({.address = {IpAddress(), 0}}, logger, clock, random);
  if (!stun) {
    logger.Error("{}", stun.error().context);
    return 1;
  }
  fleet.healthy_ports.stun = (*stun)->address().port;
  std::vector<SilentRegion> silent;
  for (unsigned i = 1; i <= fleet.regions; ++i) {
    if (IsSilent(i, fleet.silent)) silent.push_back(MakeSilent(i, fleet.silent_ports));
  }
  std::ofstream(folder + "/ca.pem") << relays.authority_pem();
  WriteHosts(folder + "/hosts", fleet.regions);
  WriteMap(folder + "/map.json", fleet);
  std::puts("ready");
  std::fflush(stdout);
  const net::SignalWatcher on_terminate(control, SIGTERM, [&control] { control.Stop(); });
  control.Run();
  relays.Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && (argc != 5 || std::string_view(argv[4]) != "own")) {
    std::fputs("usage: fleet REGIONS SILENT FOLDER [own]\n", stderr);
    return 2;
  }
  const auto number = [](const char* text) {
    return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  };
  return Serve({.regions = number(argv[1]), .silent = number(argv[2]), .own = argc == 5}, argv[3]);
}
