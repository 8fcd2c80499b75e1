// A hostile relay: its answer to the upgrade, its greeting and its frames, read by the client's
// state machines. Where the stream is cut must change nothing.
#include <cstdint>

#include "common/base/result.h"
#include "common/derp/client_login.h"
#include "common/derp/client_session.h"

namespace {

using namespace derp;

struct Outcome {
  ClientLogin::State state = ClientLogin::State::kUpgrade;
  std::size_t messages = 0;
  std::uint64_t ignored = 0;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

// Everything that can be read from `input`, which stands still where more is needed.
void Read(ClientLogin& login, ClientSession& session, ByteView& input, Outcome& outcome) {
  for (;;) {
    const auto before = login.state();
    if (login.Feed(input) == before) break;
  }
  outcome.state = login.state();
  if (outcome.state != ClientLogin::State::kReady) return;
  for (;;) {
    const auto message = session.Take(input, TimePoint{});
    outcome.failed = !message.has_value();
    if (!message || !*message) break;
    ++outcome.messages;
  }
  outcome.ignored = session.ignored_frames();
}

// The stream as it comes in two pieces.
Outcome ReadCut(ByteView stream, std::size_t cut, bool fast_start) {
  const NodePrivate key = NodePrivate::FromBytes(Bytes(kKeySize, 0x50));
  const NodePublic server = NodePrivate::FromBytes(Bytes(kKeySize, 0x48)).Public();
  ClientLogin login;
  ClientSession session(*BoxKey::Make(key, server), server, fast_start);
  Outcome outcome;
  ByteView first = stream.first(cut);
  Read(login, session, first, outcome);
  ByteView rest = stream.subspan(cut - first.size());
  Read(login, session, rest, outcome);
  static_cast<void>(login.InputEnded(rest));
  static_cast<void>(session.InputEnded(rest));
  return outcome;
}

// The body of a refusal is told as far as it came, so only its kind is compared.
void CheckCuts(ByteView stream, bool fast_start) {
  const Outcome whole = ReadCut(stream, 0, fast_start);
  for (const std::size_t cut : {stream.size() / 3, stream.size() / 2, stream.size()})
    Check(ReadCut(stream, cut, fast_start) == whole, "a cut stream reads the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  CheckCuts(ByteView(data + 1, size - 1), data[0] % 2 == 1);
  return 0;
}
