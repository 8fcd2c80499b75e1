#include "tests/integration/diagnosis/lone_network.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/stun/message.h"

namespace derp::test {

namespace {

constexpr int kYes = 0;
constexpr int kNo = 1;
constexpr int kRefused = 77;
constexpr std::size_t kHeaderBytes = 20;

bool RaiseLoopback() {
  const net::Fd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

// As an alias "lo:1": one address more.
bool AddIpv4(const std::string& text, std::size_t number) {
  const net::Fd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, ("lo:" + std::to_string(number + 1)).c_str());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const IpAddress parsed = IpAddress::Parse(text).value();
  const auto bytes = parsed.bytes();
  std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  return ::ioctl(fd.get(), SIOCSIFADDR, &request) == 0;
}

int Run(const std::vector<std::string>& addresses, const std::function<bool()>& check) {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 || !RaiseLoopback()) return kRefused;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (!AddIpv4(addresses[i], i)) return kRefused;
  }
  try {
    return check() ? kYes : kNo;
  } catch (const std::exception&) {
    return kNo;
  }
}

}  // namespace

std::optional<bool> InLoneNetwork(const std::vector<std::string>& addresses,
                                  const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(Run(addresses, check));
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return false;
  if (WEXITSTATUS(status) == kRefused) return std::nullopt;
  return WEXITSTATUS(status) == kYes;
}

PlainStunServer::PlainStunServer()
    : fd_(std::move(net::BindUdp(SocketAddress::Parse("127.0.0.1:0").value()).value())),
      port_(net::LocalAddress(fd_.get()).value().port),
      thread_([this] { Run(); }) {}

PlainStunServer::~PlainStunServer() {
  ending_ = true;
  thread_.join();
}

void PlainStunServer::Run() {
  const SystemClock clock;
  while (!ending_) {
    const auto datagram = net::ReceiveFrom(fd_.get(), clock.Now() + std::chrono::milliseconds(20));
    if (!datagram || datagram->bytes.size() != kHeaderBytes) continue;
    stun::TransactionId id;
    std::copy(datagram->bytes.begin() + 8, datagram->bytes.end(), id.bytes.begin());
    const SocketAddress source{datagram->source.ip.Unmap(), datagram->source.port};
    if (!net::SendTo(fd_.get(), stun::BuildResponse(id, source), datagram->source)) return;
  }
}

}  // namespace derp::test
