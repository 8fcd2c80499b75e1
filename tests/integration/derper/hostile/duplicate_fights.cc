// Several connections with one key.
#include "common/wire/messages.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kDuplicates = 200;

Duration FightTime(const Stage& stage) {
  return stage.thorough() ? std::chrono::seconds(5) : std::chrono::milliseconds(1500);
}

Bytes PingFrame() {
  Bytes ping;
  wire::AppendPing(ping, {1, 2, 3, 4, 5, 6, 7, 8});
  return ping;
}

// All speak in turn, as fast as they can: each one becomes the active one.
void Fight(Stage& stage, std::size_t fighters) {
  SystemRandom random;
  const NodePrivate key = NodePrivate::Generate(random);
  const auto clients = LogInMany(stage.server(), fighters, {.key = key});
  const Bytes ping = PingFrame();
  const SystemClock clock;
  const TimePoint end = clock.Now() + FightTime(stage);
  double turns = 0;
  bool open = true;
  while (open && clock.Now() < end) {
    for (const auto& client : clients) open = client->Write(ping) && client->Drain() && open;
    turns += static_cast<double>(fighters);
  }
  stage.Note("turns", turns, "");
  stage.Claim(open, "no fighter is closed");
}

// A sender meanwhile, whose packets come to one or the other.
void FightOverPackets(Stage& stage) {
  SystemRandom random;
  const NodePrivate key = NodePrivate::Generate(random);
  const auto clients = LogInMany(stage.server(), 2, {.key = key});
  Client sender(stage.server());
  const Bytes ping = PingFrame();
  const SystemClock clock;
  const TimePoint end = clock.Now() + FightTime(stage);
  std::size_t sent = 0;
  std::size_t received = 0;
  const auto receive = [&](Client& client, TimePoint deadline) {
    while (const auto message = client.raw().Receive(deadline)) {
      received += std::holds_alternative<wire::RecvPacket>(*message) ? 1U : 0U;
      deadline = clock.Now();
    }
  };
  while (clock.Now() < end) {
    for (const auto& client : clients) {
      client->Write(ping);
      receive(*client, clock.Now());
      if (sent - received > 16) continue;  // no more than a lane holds
      if (!sender.raw().Send(key.Public(), Bytes(100, 1), Soon())) break;
      ++sent;
    }
  }
  const TimePoint last = After(std::chrono::seconds(5));
  while (received < sent && clock.Now() < last) {
    for (const auto& client : clients) receive(*client, After(std::chrono::milliseconds(20)));
  }
  stage.Note("sent", static_cast<double>(sent), "");
  stage.Note("received", static_cast<double>(received), "");
  stage.Claim(received == sent, "each packet comes to one of the two");
}

// The same key again and again, each time instead of the one before.
void ComeAgain(Stage& stage) {
  SystemRandom random;
  const NodePrivate key = NodePrivate::Generate(random);
  const TimePoint end = After(FightTime(stage));
  double logins = 0;
  std::unique_ptr<Client> last;
  while (SystemClock().Now() < end) {
    last = std::make_unique<Client>(stage.server(), LoginWish{.key = key});
    ++logins;
  }
  stage.Note("logins", logins, "");
  stage.Claim(last && last->RoundTrip(), "the last one is served");
}

}  // namespace

std::vector<Attack> DuplicateFights() {
  return {{.name = "duplicates-many",
           .sentence = "200 connections with one key that all speak in turn",
           .run = [](Stage& stage) { Fight(stage, kDuplicates); },
           .memory_kib = 16 * 1024},
          {.name = "duplicates-two",
           .sentence = "two connections with one key that fight over its packets",
           .run = FightOverPackets},
          {.name = "duplicates-again",
           .sentence = "logins with one key without end",
           .run = ComeAgain}};
}

}  // namespace derp::test
