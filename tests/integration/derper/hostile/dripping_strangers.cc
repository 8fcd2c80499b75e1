// Connections that go on, one byte now and then: progress buys no time.
#include <poll.h>
#include <sys/socket.h>

#include "common/net/tls_session.h"
#include "common/wire/upgrade.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kEach = 40;
constexpr int kPauseMs = 250;
constexpr auto kLoginTime = std::chrono::seconds(10);
constexpr auto kSlack = std::chrono::seconds(6);

struct Dripper {
  Stream stream;
  Bytes content;
  std::size_t at = 0;
};

Bytes ClientHello() {
  auto session = net::TlsSession::Client(net::TlsClientContext::Make(), "127.0.0.1");
  ByteView nothing;
  Bytes hello;
  (void)session.Handshake(nothing, hello);
  return hello;
}

void Drip(Stage& stage) {
  std::vector<Dripper> drippers;
  std::vector<int> sockets;
  const std::string request = wire::UpgradeRequestText({.host = "127.0.0.1"});
  const Bytes hello = ClientHello();
  const Bytes info = Frame(0x02, 300, 300);
  for (std::size_t i = 0; i < kEach; ++i) {
    drippers.push_back({DialTcp(stage.server()), hello});
    drippers.push_back({DialTls(stage.server()), Bytes(request.begin(), request.end())});
    drippers.push_back({DialUpgraded(stage.server()), info});
  }
  for (const Dripper& dripper : drippers) sockets.push_back(dripper.stream->fd());
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const TimePoint deadline = start + kLoginTime + kSlack;
  std::size_t closed = 0;
  while (closed < drippers.size() && clock.Now() < deadline) {
    for (Dripper& dripper : drippers) {
      if (dripper.at + 1 >= dripper.content.size()) continue;
      (void)dripper.stream->Write(ByteView(dripper.content).subspan(dripper.at++, 1), clock.Now());
    }
    poll(nullptr, 0, kPauseMs);
    closed = AwaitClosed(sockets, clock.Now() + std::chrono::milliseconds(1));
  }
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Note("all within", std::chrono::duration<double>(clock.Now() - start).count(), "s");
  stage.Claim(closed == drippers.size(), "all are closed by the login deadline");
}

}  // namespace

std::vector<Attack> DrippingStrangers() {
  return {{.name = "drip",
           .sentence = "TLS, request head and ClientInfo a byte at a time",
           .run = Drip,
           .memory_kib = 16 * 1024}};
}

}  // namespace derp::test
