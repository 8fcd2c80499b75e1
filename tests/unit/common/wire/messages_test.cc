#include "common/wire/messages.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::wire;

namespace {

const NodePublic kPeer = *NodePublic::ParseUntyped(std::string(64, 'a'));

Bytes Payload(const Bytes& frame) { return {frame.begin() + kFrameHeaderSize, frame.end()}; }

}  // namespace

TEST_CASE("messages with a key fail short of it at every cut", "[wire][messages]") {
  for (std::size_t size = 0; size < kKeySize; ++size) {
    const Bytes payload(size, 1);
    CAPTURE(size);
    CHECK(DecodeSendPacket(payload).error() == MessageError::kTooShort);
    CHECK(DecodeRecvPacket(payload).error() == MessageError::kTooShort);
    CHECK(DecodeForwardPacket(payload).error() == MessageError::kTooShort);
    CHECK(DecodePeerGone(payload).error() == MessageError::kTooShort);
    CHECK(DecodePeerPresent(payload).error() == MessageError::kTooShort);
    CHECK(DecodeClosePeer(payload).error() == MessageError::kWrongSize);
  }
  CHECK(DecodeForwardPacket(Bytes(2 * kKeySize - 1)).error() == MessageError::kTooShort);
}

TEST_CASE("a packet may have 65536 bytes and no more", "[wire][messages]") {
  CHECK(DecodeSendPacket(Bytes(kKeySize + kMaxPacketSize))->packet.size() == kMaxPacketSize);
  CHECK(DecodeSendPacket(Bytes(kKeySize + kMaxPacketSize + 1)).error() == MessageError::kTooLong);
  CHECK(DecodeForwardPacket(Bytes(2 * kKeySize + kMaxPacketSize)));
  CHECK(DecodeForwardPacket(Bytes(2 * kKeySize + kMaxPacketSize + 1)).error() ==
        MessageError::kTooLong);
  CHECK(kMaxSendPacketPayload == 65568);
  CHECK(kMaxForwardPacketPayload == 65600);
}

TEST_CASE("the other messages have their sizes", "[wire][messages]") {
  CHECK(DecodeNotePreferred(Bytes{}).error() == MessageError::kWrongSize);
  CHECK(DecodeNotePreferred(Bytes(2)).error() == MessageError::kWrongSize);
  CHECK(DecodeClosePeer(Bytes(kKeySize + 1)).error() == MessageError::kWrongSize);
  for (std::size_t size = 0; size < 8; ++size) {
    CHECK(DecodePing(Bytes(size)).error() == MessageError::kTooShort);
    CHECK(DecodeRestarting(Bytes(size)).error() == MessageError::kTooShort);
  }
}

TEST_CASE("an address that is cut is absent with the flags", "[wire][messages]") {
  Bytes frame;
  AppendPeerPresent(frame, {.peer = kPeer,
                            .address = SocketAddress::Parse("192.0.2.1:80"),
                            .flags = PeerPresentFlags::kRegular});
  const Bytes payload = Payload(frame);
  REQUIRE(payload.size() == 51);
  for (std::size_t size = kKeySize; size < 50; ++size) {
    const auto message = DecodePeerPresent(ByteView(payload).first(size));
    REQUIRE(message);
    CHECK_FALSE(message->address);
    CHECK(message->flags == 0);
  }
  CHECK(DecodePeerPresent(payload)->address == SocketAddress::Parse("192.0.2.1:80"));
  CHECK(DecodePeerPresent(payload)->flags == PeerPresentFlags::kRegular);
}

TEST_CASE("peer gone keeps reasons it does not know", "[wire][messages]") {
  Bytes payload(kKeySize, 5);
  payload.push_back(0x42);
  CHECK(static_cast<int>(DecodePeerGone(payload)->reason) == 0x42);
}

TEST_CASE("restarting times are bounded to what the wire can carry", "[wire][messages]") {
  Bytes frame;
  AppendRestarting(frame, {.reconnect_in = std::chrono::hours(24 * 365),
                           .try_for = std::chrono::milliseconds(-1)});
  const auto message = DecodeRestarting(Payload(frame));
  REQUIRE(message);
  CHECK(message->reconnect_in.count() == 0xffffffff);
  CHECK(message->try_for.count() == 0);
}
