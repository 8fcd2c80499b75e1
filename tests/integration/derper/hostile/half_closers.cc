// Peers that end their half of the connection and leave the other half to the relay.
#include <sys/socket.h>

#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kEach = 200;

void CloseHalf(Stage& stage) {
  std::vector<Stream> streams;
  std::vector<std::unique_ptr<Client>> clients = LogInMany(stage.server(), kEach);
  std::vector<int> sockets;
  for (const auto& client : clients) sockets.push_back(client->fd());
  for (std::size_t i = 0; i < kEach; ++i) {
    streams.push_back(DialTcp(stage.server()));
    sockets.push_back(streams.back()->fd());
    streams.push_back(DialTls(stage.server()));
    sockets.push_back(streams.back()->fd());
  }
  for (const int socket : sockets) shutdown(socket, SHUT_WR);
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const std::size_t closed = AwaitClosed(sockets, start + std::chrono::seconds(5));
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Note("all within", std::chrono::duration<double>(clock.Now() - start).count(), "s");
  stage.Claim(closed == sockets.size(), "all are closed at once");
}

}  // namespace

std::vector<Attack> HalfClosers() {
  return {{.name = "half-closed",
           .sentence = "600 sockets of which the peer ends its half",
           .run = CloseHalf,
           .memory_kib = 32 * 1024}};
}

}  // namespace derp::test
