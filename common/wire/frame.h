// The outer layer of the relay protocol: a byte stream cut into typed, length-prefixed frames
// (derp-protocol.md 4.1, 4.2; Go: derp/derp.go). What a payload means is in messages.h and login.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace derp::wire {

enum class FrameType : std::uint8_t {  // Numbers belong to the protocol. Receivers skip numbers
  kServerKey = 0x01,                   // they do not know, so values outside this list are legal.
  kClientInfo = 0x02,
  kServerInfo = 0x03,
  kSendPacket = 0x04,
  kRecvPacket = 0x05,
  kKeepAlive = 0x06,
  kNotePreferred = 0x07,
  kPeerGone = 0x08,
  kPeerPresent = 0x09,
  kForwardPacket = 0x0a,
  kWatchConns = 0x10,
  kClosePeer = 0x11,
  kPing = 0x12,
  kPong = 0x13,
  kHealth = 0x14,
  kRestarting = 0x15,
};

inline constexpr std::size_t kFrameHeaderSize = 1 + 4;  // type, big-endian payload length

struct FrameHeader {
  FrameType type;
  std::uint32_t length;  // of the payload
};

struct Frame {
  FrameType type;
  ByteView payload;  // Borrowed from the input; dies with it.
};

enum class FrameError { kPayloadTooLong };

// The header at the front of `input`, which does not move. Empty while it has yet to arrive.
std::optional<FrameHeader> PeekHeader(ByteView input);

// Takes one frame off the front of `input`. Empty while part of the frame has yet to arrive;
// `input` moves on only when a whole frame was there. A length above `max_payload` fails at once.
Expected<std::optional<Frame>, FrameError> TakeFrame(ByteView& input, std::size_t max_payload);

void AppendHeader(Bytes& out, FrameType type, std::uint32_t length);
void AppendFrame(Bytes& out, FrameType type, ByteView payload);
void StoreHeader(std::uint8_t* out, FrameType type,
                 std::uint32_t length);  // kFrameHeaderSize bytes

}  // namespace derp::wire
