// A machine with two addresses of each family, as a network namespace of its own. Skipped by name
// where the system refuses one.
#include <cerrno>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "common/crypto/random.h"
#include "derper/stun/stun_server.h"
#include "tests/integration/derper/stun/stun_client.h"

namespace derp::relay {
namespace {

using test::At;
using test::StunClient;

constexpr int kGood = 0;
constexpr int kBad = 1;
constexpr int kSkipped = 77;

// The kernel's struct in6_ifreq, whose header does not get along with <netinet/in.h>.
struct Ipv6Request {
  in6_addr address;
  std::uint32_t prefix_length;
  int interface_index;
};

bool RaiseLoopback() {
  const net::Fd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

bool AddIpv6(const char* text) {
  const net::Fd fd(::socket(AF_INET6, SOCK_DGRAM, 0));
  Ipv6Request request{};
  const auto bytes = IpAddress::Parse(text).value().as_16();
  std::memcpy(&request.address, bytes.data(), bytes.size());
  request.prefix_length = 64;
  request.interface_index = static_cast<int>(if_nametoindex("lo"));
  if (!fd.valid() || ::ioctl(fd.get(), SIOCSIFADDR, &request) != 0) return false;
  // The kernel makes it usable in its own time.
  const SocketAddress address{IpAddress::Parse(text).value(), 0};
  return test::Eventually([&] { return net::BindUdp(address).has_value(); });
}

bool AnswersFrom(const StunServer& server, const char* asked, const char* client_address) {
  StunClient client(At(client_address));
  const SocketAddress target{IpAddress::Parse(asked).value(), server.address().port};
  const auto reply = client.Ask(target);
  return reply && reply->source == target;
}

// In a process of its own, which has one thread only, as unshare() wants it.
int RunInNamespace() {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 || !RaiseLoopback()) return kSkipped;
  if (!AddIpv6("fd00::1") || !AddIpv6("fd00::2")) return kSkipped;
  const Logger logger(LogLevel::kError);
  const SystemClock clock;
  SystemRandom random;
  const auto server = StunServer::Start({.address = At("[::]:0")}, logger, clock, random);
  if (!server) return kBad;
  const bool good = AnswersFrom(**server, "fd00::2", "[fd00::1]:0") &&
                    AnswersFrom(**server, "fd00::1", "[fd00::2]:0") &&
                    AnswersFrom(**server, "127.0.0.2", "127.0.0.1:0");
  return good ? kGood : kBad;
}

}  // namespace

TEST_CASE("a wildcard server with two IPv6 addresses answers from the one asked", "[stun]") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int outcome = kBad;
    try {
      outcome = RunInNamespace();
    } catch (const std::exception&) {
      outcome = kBad;
    }
    ::_exit(outcome);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) {
    WARN("skipped: this system refuses a network namespace with IPv6");
    return;
  }
  CHECK(WEXITSTATUS(status) == kGood);
}

}  // namespace derp::relay
