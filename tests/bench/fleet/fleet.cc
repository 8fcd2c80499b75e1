// A fleet of relays on loopback for measuring derpprobe: N regions with one node each, every node
// with an address of its own in 127.0.0.0/8. The healthy ones are one relay and one STUN server
// that listen on all addresses; the silent ones are sockets whose queue of connections is full, so
// that SYN and STUN request vanish as behind a firewall. Writes the map, the certificate to trust
// and lines for a hosts file; serves until SIGTERM. Usage: fleet REGIONS SILENT FOLDER
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
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

struct Identity {
  std::shared_ptr<const net::TlsServerContext> context;
  std::string ca_pem;
};

Identity MakeIdentity(const NodePublic& server) {
  const WallTime now = SystemClock().WallNow();
  const auto from = now - std::chrono::hours(1);
  const auto to = now + std::chrono::hours(24 * 90);
  const net::PrivateKey ca_key = net::PrivateKey::GenerateP256();
  const net::Certificate ca = net::IssueCertificate(
      {.common_name = "fleet CA", .names = {}, .not_before = from, .not_after = to, .is_ca = true},
      ca_key, nullptr, ca_key);
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate leaf = net::IssueCertificate(
      {.common_name = "fleet.test", .names = {"*.fleet.test"}, .not_before = from, .not_after = to},
      key, &ca, ca_key);
  net::TlsServerOptions options{.chain = {leaf},
                                .key = key,
                                .meta_certificate = net::MakeMetaCertificate(server, now),
                                .accept_sni = {},
                                .versions = net::TlsVersions::kFrom12,
                                .tickets = true};  // as Tailscale's derper
  return {net::TlsServerContext::Make(std::move(options)).value(), net::ToPem(ca)};
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

int Serve(Fleet fleet, const std::string& folder) {
  const Logger logger;
  const SystemClock clock;
  SystemRandom random;
  net::RaiseDescriptorLimit();
  net::EventLoop control;
  const NodePrivate key = NodePrivate::Generate(random);
  const Identity identity = MakeIdentity(key.Public());
  const SocketAddress all{IpAddress(), 0};
  auto relay =
      relay::Relay::Start({.private_key = key,
                           .listeners = {{.address = all,
                                          .tls = true,
                                          .serves_derp = true,
                                          .site = http::Answering([](const http::Request& request) {
                                            return relay::ProbeReply(request);
                                          })}},
                           .tls_context = [&identity] { return identity.context; }},
                          control, logger, random);
  auto stun = relay::StunServer::Start({.address = all}, logger, clock, random);
  if (!relay || !stun) {
    logger.Error("{}", !relay ? relay.error().context : stun.error().context);
    return 1;
  }
  fleet.healthy_ports = {(*relay)->Addresses().front().port, (*stun)->address().port};
  std::vector<SilentRegion> silent;
  for (unsigned i = 1; i <= fleet.regions; ++i) {
    if (IsSilent(i, fleet.silent)) silent.push_back(MakeSilent(i, fleet.silent_ports));
  }
  std::ofstream(folder + "/ca.pem") << identity.ca_pem;
  WriteHosts(folder + "/hosts", fleet.regions);
  WriteMap(folder + "/map.json", fleet);
  std::puts("ready");
  std::fflush(stdout);
  const net::SignalWatcher on_terminate(control, SIGTERM, [&control] { control.Stop(); });
  control.Run();
  (*relay)->Stop(Duration::zero());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: fleet REGIONS SILENT FOLDER\n", stderr);
    return 2;
  }
  const auto number = [](const char* text) {
    return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  };
  return Serve({.regions = number(argv[1]), .silent = number(argv[2])}, argv[3]);
}
