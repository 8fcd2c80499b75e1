// Clients that send what is allowed, as fast as they can.
#include <functional>

#include "common/wire/messages.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kChunk = 32 * 1024;

Duration FloodTime(const Stage& stage) {
  return stage.thorough() ? std::chrono::seconds(5) : std::chrono::milliseconds(1500);
}

// Writes what `next` gives until the time is over, and reads what comes back.
void Flood(Stage& stage, Client& client, const std::function<const Bytes&()>& next) {
  const SystemClock clock;
  const TimePoint end = clock.Now() + FloodTime(stage);
  double bytes = 0;
  bool open = true;
  while (open && clock.Now() < end) {
    const Bytes& chunk = next();
    open = client.Write(chunk) && client.Drain();
    bytes += static_cast<double>(chunk.size());
  }
  stage.Note("flood", bytes / 1e6, "MB");
  stage.Claim(open, "the flooding client is kept");
}

void Flood(Stage& stage, Client& client, const Bytes& chunk) {
  Flood(stage, client, [&]() -> const Bytes& { return chunk; });
}

void FloodPings(Stage& stage) {
  Client client(stage.server());
  Bytes ping;
  wire::AppendPing(ping, {1, 2, 3, 4, 5, 6, 7, 8});
  Flood(stage, client, Repeated(ping, kChunk));
}

void FloodUnread(Stage& stage) {
  Client client(stage.server(), {.receive_buffer = 4096});
  Bytes ping;
  wire::AppendPing(ping, {1, 2, 3, 4, 5, 6, 7, 8});
  const Bytes chunk = Repeated(ping, kChunk);
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const TimePoint end = start + FloodTime(stage);
  bool open = true;
  while (open && clock.Now() < end) open = client.Write(chunk);
  const double seconds = std::chrono::duration<double>(clock.Now() - start).count();
  if (!open) stage.Note("closed after", seconds, "s");
  if (stage.thorough()) stage.Claim(!open, "it is closed after the write time-out");
}

// Each repetition asks for all clients of the relay anew.
void FloodWatches(Stage& stage) {
  const auto residents = LogInMany(stage.server(), stage.thorough() ? 1000 : 200);
  stage.Begin();
  Client client(stage.server(), {.mesh = true});
  Bytes watch;
  wire::AppendWatchConns(watch);
  Flood(stage, client, Repeated(watch, kChunk));
}

void FloodUnknownFrames(Stage& stage) {
  Client client(stage.server());
  Flood(stage, client, Repeated(Frame(0x77, 20, 20), kChunk));
  if (!stage.ours()) return;
  const double counted = MetricOf(Page(stage.server(), "/debug/varz"), "derp_unknown_frames");
  stage.Claim(counted > 1000, "unknown frames are counted");
}

void FloodUnknownDestinations(Stage& stage, ByteView start) {
  Client client(stage.server());
  SystemRandom random;
  Bytes chunk;
  Bytes packet(start.begin(), start.end());
  packet.resize(100);
  Flood(stage, client, [&]() -> const Bytes& {
    chunk.clear();
    while (chunk.size() < kChunk) {
      Bytes key(kKeySize);
      random.Fill(key);
      wire::AppendSendPacket(chunk, NodePublic::FromBytes(key), packet);
    }
    return chunk;
  });
}

// So many that the relay must drop, at clients who are well: their own lanes are theirs.
void FloodVictim(Stage& stage) {
  Client victim(stage.server());
  Client client(stage.server());
  Bytes packet;
  wire::AppendSendPacket(packet, victim.key(), Bytes(1000, 1));
  const Bytes chunk = Repeated(packet, kChunk);
  Flood(stage, client, [&]() -> const Bytes& {
    victim.Drain();
    return chunk;
  });
}

}  // namespace

std::vector<Attack> Floods() {
  const Bytes disco = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
  return {
      {.name = "flood-ping", .sentence = "pings without end", .run = FloodPings},
      {.name = "flood-unread",
       .sentence = "pings without end from a client that reads no answer",
       .run = FloodUnread},
      {.name = "flood-watch",
       .sentence = "a mesh client asks for all clients again and again",
       .run = FloodWatches,
       .memory_kib = 16 * 1024},
      {.name = "flood-unknown-frames",
       .sentence = "frames of an unknown type",
       .run = FloodUnknownFrames},
      {.name = "flood-unknown-destinations",
       .sentence = "packets to keys that nobody has",
       .run = [](Stage& stage) { FloodUnknownDestinations(stage, {}); }},
      {.name = "flood-unknown-disco",
       .sentence = "disco packets to keys that nobody has",
       .run = [disco](Stage& stage) { FloodUnknownDestinations(stage, disco); }},
      {.name = "flood-victim",
       .sentence = "more packets than fit to one client",
       .run = FloodVictim},
  };
}

}  // namespace derp::test
