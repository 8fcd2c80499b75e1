// 1,000 connections that go a part of the way and then say nothing.
#include <poll.h>

#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kStrangers = 1000;
constexpr auto kLoginTime = std::chrono::seconds(10);
constexpr auto kSlack = std::chrono::seconds(8);
constexpr int kHoldMs = 1000;

void StandSilent(Stage& stage, Stream (*dial)(const ServerProcess&), bool wait) {
  std::vector<Stream> streams;
  std::vector<int> sockets;
  const TimePoint start = SystemClock().Now();
  while (streams.size() < kStrangers) {
    streams.push_back(dial(stage.server()));
    sockets.push_back(streams.back()->fd());
  }
  if (!wait && !stage.thorough()) {
    poll(nullptr, 0, kHoldMs);
    return;
  }
  const std::size_t closed = AwaitClosed(sockets, SystemClock().Now() + kLoginTime + kSlack);
  stage.Note("closed", static_cast<double>(closed), "");
  const auto until = std::chrono::duration<double>(SystemClock().Now() - start);
  stage.Note("all within", until.count(), "s");
  stage.Claim(closed == kStrangers, "all are closed by the login deadline");
}

Stream DialSilentTls(const ServerProcess& server) { return DialTls(server); }

}  // namespace

std::vector<Attack> SilentStrangers() {
  return {
      {.name = "silent-tcp",
       .sentence = "1,000 connections that never begin TLS",
       .run = [](Stage& stage) { StandSilent(stage, DialTcp, true); },
       .memory_kib = 16 * 1024},
      {.name = "silent-tls",
       .sentence = "1,000 connections that are silent after TLS",
       .run = [](Stage& stage) { StandSilent(stage, DialSilentTls, false); },
       .memory_kib = 48 * 1024},
      {.name = "silent-login",
       .sentence = "1,000 connections that are silent after the upgrade",
       .run = [](Stage& stage) { StandSilent(stage, DialUpgraded, false); },
       .memory_kib = 48 * 1024},
  };
}

}  // namespace derp::test
