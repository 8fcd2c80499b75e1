// The frames that follow a login: one struct per message, a decoder for its payload and an appender
// for the whole frame (derp-protocol.md 4.3). Decoders borrow from the payload.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/defaults.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"
#include "common/wire/frame.h"

namespace derp::wire {

// Payload limits of a relay for frames from its clients (4.2): a longer one is refused on its
// header.
inline constexpr std::uint32_t kMaxSendPacketPayload = kKeySize + kMaxPacketSize;
inline constexpr std::uint32_t kMaxForwardPacketPayload = 2 * kKeySize + kMaxPacketSize;
inline constexpr std::uint32_t kMaxPingPayload = 1000;

enum class MessageError { kTooShort, kTooLong, kWrongSize };

struct SendPacket {
  NodePublic destination;
  ByteView packet;
};
struct RecvPacket {
  NodePublic source;
  ByteView packet;
};
struct ForwardPacket {
  NodePublic source;
  NodePublic destination;
  ByteView packet;
};

enum class PeerGoneReason : std::uint8_t {
  kDisconnected = 0x00,
  kNotHere = 0x01,
  kMeshConnectionBroke = 0xf0,  // made up by the watch loop, never on the wire
};
struct PeerGone {
  NodePublic peer;
  PeerGoneReason reason = PeerGoneReason::kDisconnected;  // other numbers are legal
};

struct PeerPresentFlags {
  static constexpr std::uint8_t kRegular = 1;  // set only when no other is
  static constexpr std::uint8_t kMeshPeer = 2;
  static constexpr std::uint8_t kProber = 4;
  static constexpr std::uint8_t kNotIdeal = 8;
};
struct PeerPresent {
  NodePublic peer;
  std::optional<SocketAddress> address{};  // unmapped; absent when unknown or from an old server
  std::uint8_t flags = 0;                  // 0: the server does not tell
};

using PingData = std::array<std::uint8_t, 8>;

struct Restarting {
  std::chrono::milliseconds reconnect_in{};
  std::chrono::milliseconds try_for{};
};

Expected<SendPacket, MessageError> DecodeSendPacket(ByteView payload);
Expected<RecvPacket, MessageError> DecodeRecvPacket(ByteView payload);
Expected<ForwardPacket, MessageError> DecodeForwardPacket(ByteView payload);
Expected<bool, MessageError> DecodeNotePreferred(ByteView payload);
Expected<PeerGone, MessageError> DecodePeerGone(ByteView payload);
Expected<PeerPresent, MessageError> DecodePeerPresent(ByteView payload);
Expected<NodePublic, MessageError> DecodeClosePeer(ByteView payload);
Expected<PingData, MessageError> DecodePing(ByteView payload);  // Pong as well
Expected<Restarting, MessageError> DecodeRestarting(ByteView payload);

void AppendSendPacket(Bytes& out, const NodePublic& destination, ByteView packet);
void AppendRecvPacket(Bytes& out, const NodePublic& source, ByteView packet);
void AppendForwardPacket(Bytes& out, const NodePublic& source, const NodePublic& destination,
                         ByteView packet);
void AppendKeepAlive(Bytes& out);
void AppendNotePreferred(Bytes& out, bool preferred);
void AppendPeerGone(Bytes& out, const PeerGone& message);
void AppendPeerPresent(Bytes& out, const PeerPresent& message);
void AppendWatchConns(Bytes& out);
void AppendClosePeer(Bytes& out, const NodePublic& peer);
void AppendPing(Bytes& out, const PingData& data);
void AppendPong(Bytes& out, const PingData& data);
void AppendHealth(Bytes& out, std::string_view text);
void AppendRestarting(Bytes& out, const Restarting& message);

// At least 62 bytes that start with the disco magic "TS💬" (derp-protocol.md 5.4).
bool LooksLikeDisco(ByteView packet);

}  // namespace derp::wire
