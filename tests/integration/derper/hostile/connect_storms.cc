// Connections without end.
#include <stdexcept>
#include <sys/socket.h>
#include <thread>

#include "common/net/tls_session.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kFewDescriptors = 256;

Duration StormTime(const Stage& stage) {
  return stage.thorough() ? std::chrono::seconds(5) : std::chrono::milliseconds(2000);
}

// What is sent first, then a reset.
void Storm(Stage& stage, const Bytes& first) {
  const TimePoint end = After(StormTime(stage));
  double connections = 0;
  while (SystemClock().Now() < end) {
    net::Fd socket = DialSocket(stage.server());
    if (!first.empty()) (void)send(socket.get(), first.data(), first.size(), MSG_NOSIGNAL);
    Reset(std::move(socket));
    ++connections;
  }
  stage.Note("connections", connections, "");
}

// Each costs the relay a signature: it is held until the relay has answered.
void StormHandshakes(Stage& stage) {
  auto session = net::TlsSession::Client(net::TlsClientContext::Make(), "127.0.0.1");
  ByteView nothing;
  Bytes hello;
  (void)session.Handshake(nothing, hello);
  const TimePoint end = After(StormTime(stage));
  double connections = 0;
  while (SystemClock().Now() < end) {
    std::vector<net::Fd> sockets;
    for (int i = 0; i < 100; ++i) {
      sockets.push_back(DialSocket(stage.server()));
      (void)send(sockets.back().get(), hello.data(), hello.size(), MSG_NOSIGNAL);
      ++connections;
    }
    for (net::Fd& socket : sockets) {
      Bytes answer(1);
      (void)recv(socket.get(), answer.data(), 1, 0);
      Reset(std::move(socket));
    }
  }
  stage.Note("handshakes begun", connections, "");
}

// Everybody comes back at once, as after a restart.
void StormLogins(Stage& stage) {
  constexpr std::size_t kThreads = 3;
  const std::size_t each = stage.thorough() ? 1000 : 150;
  std::vector<std::vector<std::unique_ptr<Client>>> clients(kThreads);
  std::vector<std::thread> threads;
  const SystemClock clock;
  const TimePoint start = clock.Now();
  std::atomic<std::size_t> failed{0};
  for (auto& mine : clients) {
    threads.emplace_back([&] {
      try {
        mine = LogInMany(stage.server(), each);
      } catch (const std::exception&) {
        ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(clock.Now() - start).count();
  stage.Note("logins a second", static_cast<double>(kThreads * each) / seconds, "");
  stage.Claim(failed == 0, "all get in");
}

// More connections than the relay may have descriptors: those who are in stay, and later others get
// in again.
void ExhaustDescriptors(Stage& stage) {
  std::vector<Stream> streams;
  std::vector<int> sockets;
  while (streams.size() < 2 * kFewDescriptors) {
    streams.push_back(DialTcp(stage.server()));
    sockets.push_back(streams.back()->fd());
  }
  const std::size_t refused = AwaitClosed(sockets, After(std::chrono::seconds(2)));
  stage.Note("refused", static_cast<double>(refused), "");
  stage.Claim(refused >= kFewDescriptors, "who comes when there are no descriptors is closed");
  streams.clear();
  const SystemClock clock;
  const TimePoint start = clock.Now();
  bool in = false;
  while (!in && clock.Now() < start + std::chrono::seconds(10)) {
    try {
      in = Client(stage.server()).RoundTrip();
    } catch (const std::runtime_error&) {
      // The relay has not noticed yet that the others are gone.
    }
  }
  stage.Note("others get in after", std::chrono::duration<double>(clock.Now() - start).count(),
             "s");
  stage.Claim(in, "when they are gone, others get in");
}

}  // namespace

std::vector<Attack> ConnectStorms() {
  return {{.name = "storm-connects",
           .sentence = "connections that are reset at once",
           .run = [](Stage& stage) { Storm(stage, {}); },
           .memory_kib = 48 * 1024},
          {.name = "storm-garbage",
           .sentence = "connections that send garbage and are reset",
           .run = [](Stage& stage) { Storm(stage, RandomBytes(300)); },
           .memory_kib = 48 * 1024},
          {.name = "storm-handshakes",
           .sentence = "100 TLS handshakes at a time that are begun and left",
           .run = StormHandshakes,
           .memory_kib = 24 * 1024},
          {.name = "storm-logins",
           .sentence = "hundreds of clients log in at once",
           .run = StormLogins,
           .memory_kib = 32 * 1024},
          {.name = "descriptors",
           .sentence = "twice as many connections as the relay has descriptors",
           .run = ExhaustDescriptors,
           .descriptor_limit = kFewDescriptors}};
}

}  // namespace derp::test
