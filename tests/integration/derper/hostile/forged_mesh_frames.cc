// What someone with the mesh key can say that is not so, and what those without it may not say.
#include <algorithm>

#include "common/wire/messages.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kChunk = 32 * 1024;

Duration FloodTime(const Stage& stage) {
  return stage.thorough() ? std::chrono::seconds(10) : std::chrono::milliseconds(2500);
}

NodePublic RandomKey() {
  SystemRandom random;
  Bytes key(kKeySize);
  random.Fill(key);
  return NodePublic::FromBytes(key);
}

// Every packet of a source that nobody has heard of.
void ForgeSources(Stage& stage) {
  Client forger(stage.server(), {.mesh = true});
  Client victim(stage.server());
  const TimePoint end = After(FloodTime(stage));
  Bytes chunk;
  double sources = 0;
  while (SystemClock().Now() < end) {
    chunk.clear();
    for (int i = 0; i < 30; ++i) {
      wire::AppendForwardPacket(chunk, RandomKey(), victim.key(), Bytes(20, 1));
    }
    if (!forger.Write(chunk) || !victim.RoundTrip()) break;
    sources += 30;
  }
  stage.Note("forged sources", sources, "");
  stage.Claim(sources > 0 && victim.RoundTrip(), "the victim is kept");
}

void ForgeClosePeer(Stage& stage) {
  Client forger(stage.server(), {.mesh = true});
  const TimePoint end = After(FloodTime(stage));
  Bytes chunk;
  while (SystemClock().Now() < end) {
    chunk.clear();
    while (chunk.size() < kChunk) wire::AppendClosePeer(chunk, RandomKey());
    if (!forger.Write(chunk)) break;
  }
  stage.Claim(forger.RoundTrip(), "the mesh client is kept");
}

// Each of these ends its sender, and nobody else.
void SendForbiddenFrames(Stage& stage, bool mesh) {
  const std::vector<std::pair<int, std::size_t>> forbidden =
      mesh ? std::vector<std::pair<int, std::size_t>>{{0x0a, 63}, {0x0a, 65601}, {0x0a, 1 << 30},
                                                      {0x10, 1},  {0x11, 31},    {0x11, 33},
                                                      {0x11, 0}}
           : std::vector<std::pair<int, std::size_t>>{{0x0a, 100}, {0x10, 0}, {0x11, 32}};
  std::size_t closed = 0;
  std::size_t sent = 0;
  for (int round = 0; round < 10; ++round) {
    for (const auto& [type, length] : forbidden) {
      Client client(stage.server(), {.mesh = mesh});
      client.Write(
          Frame(static_cast<std::uint8_t>(type), length, std::min<std::size_t>(length, 100)));
      closed += AwaitClosed({client.fd()}, After(std::chrono::seconds(2)));
      ++sent;
      if (closed < sent && !stage.thorough()) break;
    }
  }
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Note("of", static_cast<double>(sent), "");
  stage.Claim(closed == sent, "each sender is closed");
}

}  // namespace

std::vector<Attack> ForgedMeshFrames() {
  return {{.name = "mesh-forged-sources",
           .sentence = "a mesh client forwards packets of sources that do not exist",
           .run = ForgeSources},
          {.name = "mesh-close-peer",
           .sentence = "a mesh client closes peers that do not exist",
           .run = ForgeClosePeer},
          {.name = "mesh-garbage",
           .sentence = "mesh frames of wrong sizes",
           .run = [](Stage& stage) { SendForbiddenFrames(stage, true); }},
          {.name = "mesh-without-key",
           .sentence = "mesh frames from clients without the mesh key",
           .run = [](Stage& stage) { SendForbiddenFrames(stage, false); }}};
}

}  // namespace derp::test
