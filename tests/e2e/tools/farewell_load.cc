// Many clients that keep a relay busy until it ends, and count who was told of it:
// "farewell_load ADDRESS CLIENTS STUCK". Prints "ready" when all are connected and packets flow.
// STUCK more clients read nothing until a line comes on standard input, so the relay stands in the
// middle of writing to them.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/e2e/tools/loopback_client.h"

namespace {

using namespace derp;

constexpr std::size_t kThreads = 2;
constexpr std::size_t kStuckPackets = 120;  // of 60,000 bytes: more than lanes and kernel hold
constexpr int kBurst = 4;

struct Client {
  NodePublic key;
  std::unique_ptr<BlockingClient> stream;
  bool told = false;
  bool ended = false;
};

// Reads until `deadline` says it is enough, or the end.
void Listen(Client& client, Duration patience) {
  while (!client.ended) {
    const auto message = client.stream->Receive(SystemClock().Now() + patience);
    if (!message) {
      client.ended = message.error().error.code != ErrorCode::kTimeout;
      if (client.ended && !client.told) {
        std::fprintf(stderr, "ended untold: %s\n", message.error().error.context.c_str());
      }
      return;
    }
    if (std::holds_alternative<wire::Restarting>(*message)) client.told = true;
  }
}

// Everybody sends to the next, for ever.
void Chatter(std::vector<Client>& clients, std::size_t first, std::atomic<std::size_t>& rounds) {
  const Bytes packet(1000, 7);
  for (bool alive = true; alive; ++rounds) {
    alive = false;
    for (std::size_t i = first; i < clients.size(); i += kThreads) {
      Client& client = clients[i];
      if (client.ended) continue;
      alive = true;
      const NodePublic& next = clients[(i + 1) % clients.size()].key;
      // A send that fails is no end: what the relay said before is still to be read.
      for (int n = 0; n < kBurst && !client.told; ++n) {
        (void)client.stream->Send(next, packet, SystemClock().Now() + std::chrono::seconds(1));
      }
      Listen(client, Duration::zero());
    }
  }
}

bool Connect(std::vector<Client>& clients, std::size_t count, const std::string& address,
             RandomSource& random, const Clock& clock) {
  for (std::size_t i = 0; i < count; ++i) {
    const ClientIdentity identity{.key = NodePrivate::Generate(random)};
    auto connected = test::ConnectTo(address, identity, random, clock);
    if (!connected) {
      std::fprintf(stderr, "farewell_load: %s\n", connected.error().context.c_str());
      return false;
    }
    clients.push_back({.key = identity.key.Public(), .stream = std::move(*connected)});
  }
  return true;
}

std::size_t Told(const std::vector<Client>& clients) {
  std::size_t count = 0;
  for (const Client& client : clients) count += client.told ? 1 : 0;
  return count;
}

int Run(const std::string& address, std::size_t count, std::size_t stuck_count) {
  SystemRandom random;
  const SystemClock clock;
  std::vector<Client> clients;
  std::vector<Client> stuck;
  if (!Connect(clients, count, address, random, clock)) return 1;
  if (!Connect(stuck, stuck_count, address, random, clock)) return 1;
  const Bytes large(60'000, 9);
  for (const Client& client : stuck) {
    for (std::size_t n = 0; n < kStuckPackets; ++n) {
      (void)clients[0].stream->Send(client.key, large, test::Soon());
    }
  }
  std::vector<std::atomic<std::size_t>> rounds(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { Chatter(clients, i, rounds[i]); });
  }
  for (const auto& round : rounds) {
    while (round < 2) std::this_thread::yield();
  }
  std::puts("ready");
  std::fflush(stdout);
  std::getchar();
  for (Client& client : stuck) {
    threads.emplace_back([&client] { Listen(client, std::chrono::seconds(20)); });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("told %zu of %zu, stuck %zu of %zu\n", Told(clients), count, Told(stuck),
              stuck_count);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return Run(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10));
}
