// Hostile frames: the stream is cut into frames, each payload goes to the decoder of its type, and
// what was decoded must encode to the same bytes again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace {

using namespace derp;
using namespace derp::wire;

void SameBytes(const Bytes& encoded, ByteView payload) {
  const ByteView body = ByteView(encoded).subspan(kFrameHeaderSize);
  Check(body.size() == PeekHeader(encoded)->length, "the header tells the size");
  Check(std::ranges::equal(body, payload), "decoding and encoding agree");
}

void DecodePackets(const Frame& frame) {
  Bytes out;
  if (const auto message = DecodeSendPacket(frame.payload)) {
    AppendSendPacket(out, message->destination, message->packet);
    SameBytes(out, frame.payload);
    static_cast<void>(LooksLikeDisco(message->packet));
  }
  out.clear();
  if (const auto message = DecodeForwardPacket(frame.payload)) {
    AppendForwardPacket(out, message->source, message->destination, message->packet);
    SameBytes(out, frame.payload);
  }
  out.clear();
  if (const auto message = DecodeRecvPacket(frame.payload)) {
    AppendRecvPacket(out, message->source, message->packet);
    SameBytes(out, frame.payload);
  }
}

// Readers take these longer or shorter than a writer makes them: the oracle is a second decoding.
void DecodeLoose(const Frame& frame) {
  Bytes out;
  if (const auto message = DecodePeerPresent(frame.payload)) {
    AppendPeerPresent(out, *message);
    const auto again = DecodePeerPresent(ByteView(out).subspan(kFrameHeaderSize));
    Check(again && again->peer == message->peer && again->address == message->address &&
              again->flags == message->flags,
          "a peer's description survives");
  }
  out.clear();
  if (const auto message = DecodePeerGone(frame.payload)) {
    AppendPeerGone(out, *message);
    const auto again = DecodePeerGone(ByteView(out).subspan(kFrameHeaderSize));
    Check(again && again->peer == message->peer && again->reason == message->reason,
          "a departure survives");
  }
  out.clear();
  if (const auto message = DecodeRestarting(frame.payload)) {
    AppendRestarting(out, *message);
    SameBytes(out, frame.payload.first(8));
  }
  out.clear();
  if (const auto data = DecodePing(frame.payload)) {
    AppendPing(out, *data);
    SameBytes(out, frame.payload.first(8));
  }
  static_cast<void>(DecodeNotePreferred(frame.payload).has_value());
  static_cast<void>(DecodeClosePeer(frame.payload).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  for (;;) {
    const std::size_t before = input.size();
    const auto taken = TakeFrame(input, kMaxClientFrame);
    if (!taken || !*taken) return 0;
    Check(input.size() + kFrameHeaderSize + (*taken)->payload.size() == before,
          "a frame is taken whole");
    DecodePackets(**taken);
    DecodeLoose(**taken);
  }
}
