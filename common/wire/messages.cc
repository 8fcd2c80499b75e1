#include "common/wire/messages.h"

#include <algorithm>
#include <limits>

namespace derp::wire {
namespace {

constexpr std::size_t kAddressSize = 16 + 2;  // IP as IPv6, port
constexpr std::size_t kDiscoMinSize = 62;
constexpr std::array<std::uint8_t, 6> kDiscoMagic = {'T', 'S', 0xf0, 0x9f, 0x92, 0xac};

void AppendHeaderFor(Bytes& out, FrameType type, std::size_t payload_size) {
  AppendHeader(out, type, static_cast<std::uint32_t>(payload_size));
}

std::optional<NodePublic> TakeKey(ByteReader& reader) {
  const auto bytes = reader.Take(kKeySize);
  if (!bytes) return std::nullopt;
  return NodePublic::FromBytes(*bytes);
}

std::optional<SocketAddress> ReadAddress(ByteView bytes) {
  std::array<std::uint8_t, 16> ip{};
  std::copy_n(bytes.begin(), ip.size(), ip.begin());
  if (ip == std::array<std::uint8_t, 16>{}) return std::nullopt;
  return SocketAddress{.ip = IpAddress::V6(ip).Unmap(), .port = LoadU16Be(bytes.data() + 16)};
}

std::uint32_t Milliseconds(std::chrono::milliseconds duration) {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(duration.count(), 0, std::int64_t{kMax}));
}

}  // namespace

Expected<SendPacket, MessageError> DecodeSendPacket(ByteView payload) {
  ByteReader reader(payload);
  const auto destination = TakeKey(reader);
  if (!destination) return Fail(MessageError::kTooShort);
  if (reader.rest().size() > kMaxPacketSize) return Fail(MessageError::kTooLong);
  return SendPacket{.destination = *destination, .packet = reader.rest()};
}

Expected<RecvPacket, MessageError> DecodeRecvPacket(ByteView payload) {
  ByteReader reader(payload);
  const auto source = TakeKey(reader);
  if (!source) return Fail(MessageError::kTooShort);
  return RecvPacket{.source = *source, .packet = reader.rest()};
}

Expected<ForwardPacket, MessageError> DecodeForwardPacket(ByteView payload) {
  ByteReader reader(payload);
  const auto source = TakeKey(reader);
  const auto destination = TakeKey(reader);
  if (!source || !destination) return Fail(MessageError::kTooShort);
  if (reader.rest().size() > kMaxPacketSize) return Fail(MessageError::kTooLong);
  return ForwardPacket{.source = *source, .destination = *destination, .packet = reader.rest()};
}

Expected<bool, MessageError> DecodeNotePreferred(ByteView payload) {
  if (payload.size() != 1) return Fail(MessageError::kWrongSize);
  return payload[0] != 0;
}

Expected<PeerGone, MessageError> DecodePeerGone(ByteView payload) {
  ByteReader reader(payload);
  const auto peer = TakeKey(reader);
  if (!peer) return Fail(MessageError::kTooShort);
  PeerGone message{.peer = *peer};
  if (const auto reason = reader.U8()) message.reason = static_cast<PeerGoneReason>(*reason);
  return message;
}

Expected<PeerPresent, MessageError> DecodePeerPresent(ByteView payload) {
  ByteReader reader(payload);
  const auto peer = TakeKey(reader);
  if (!peer) return Fail(MessageError::kTooShort);
  PeerPresent message{.peer = *peer};
  if (const auto address = reader.Take(kAddressSize)) {
    message.address = ReadAddress(*address);
    message.flags = reader.U8().value_or(0);
  }
  return message;
}

Expected<NodePublic, MessageError> DecodeClosePeer(ByteView payload) {
  if (payload.size() != kKeySize) return Fail(MessageError::kWrongSize);
  return NodePublic::FromBytes(payload);
}

Expected<PingData, MessageError> DecodePing(ByteView payload) {
  PingData data;
  if (payload.size() < data.size()) return Fail(MessageError::kTooShort);
  std::copy_n(payload.begin(), data.size(), data.begin());
  return data;
}

Expected<Restarting, MessageError> DecodeRestarting(ByteView payload) {
  ByteReader reader(payload);
  const auto reconnect_in = reader.U32Be();
  const auto try_for = reader.U32Be();
  if (!reconnect_in || !try_for) return Fail(MessageError::kTooShort);
  return Restarting{.reconnect_in = std::chrono::milliseconds(*reconnect_in),
                    .try_for = std::chrono::milliseconds(*try_for)};
}

void AppendSendPacket(Bytes& out, const NodePublic& destination, ByteView packet) {
  AppendHeaderFor(out, FrameType::kSendPacket, kKeySize + packet.size());
  AppendBytes(out, destination.bytes());
  AppendBytes(out, packet);
}

void AppendRecvPacket(Bytes& out, const NodePublic& source, ByteView packet) {
  AppendHeaderFor(out, FrameType::kRecvPacket, kKeySize + packet.size());
  AppendBytes(out, source.bytes());
  AppendBytes(out, packet);
}

void AppendForwardPacket(Bytes& out, const NodePublic& source, const NodePublic& destination,
                         ByteView packet) {
  AppendHeaderFor(out, FrameType::kForwardPacket, 2 * kKeySize + packet.size());
  AppendBytes(out, source.bytes());
  AppendBytes(out, destination.bytes());
  AppendBytes(out, packet);
}

void AppendKeepAlive(Bytes& out) { AppendHeader(out, FrameType::kKeepAlive, 0); }

void AppendNotePreferred(Bytes& out, bool preferred) {
  AppendHeader(out, FrameType::kNotePreferred, 1);
  AppendU8(out, preferred ? 1 : 0);
}

void AppendPeerGone(Bytes& out, const PeerGone& message) {
  AppendHeaderFor(out, FrameType::kPeerGone, kKeySize + 1);
  AppendBytes(out, message.peer.bytes());
  AppendU8(out, static_cast<std::uint8_t>(message.reason));
}

void AppendPeerPresent(Bytes& out, const PeerPresent& message) {
  AppendHeaderFor(out, FrameType::kPeerPresent, kKeySize + kAddressSize + 1);
  AppendBytes(out, message.peer.bytes());
  const SocketAddress address = message.address.value_or(SocketAddress{});
  AppendBytes(out, message.address ? address.ip.as_16() : std::array<std::uint8_t, 16>{});
  AppendU16Be(out, address.port);
  AppendU8(out, message.flags);
}

void AppendWatchConns(Bytes& out) { AppendHeader(out, FrameType::kWatchConns, 0); }

void AppendClosePeer(Bytes& out, const NodePublic& peer) {
  AppendFrame(out, FrameType::kClosePeer, peer.bytes());
}

void AppendPing(Bytes& out, const PingData& data) { AppendFrame(out, FrameType::kPing, data); }

void AppendPong(Bytes& out, const PingData& data) { AppendFrame(out, FrameType::kPong, data); }

void AppendHealth(Bytes& out, std::string_view text) {
  AppendFrame(out, FrameType::kHealth, AsBytes(text));
}

void AppendRestarting(Bytes& out, const Restarting& message) {
  AppendHeader(out, FrameType::kRestarting, 8);
  AppendU32Be(out, Milliseconds(message.reconnect_in));
  AppendU32Be(out, Milliseconds(message.try_for));
}

bool LooksLikeDisco(ByteView packet) {
  return packet.size() >= kDiscoMinSize &&
         std::equal(kDiscoMagic.begin(), kDiscoMagic.end(), packet.begin());
}

}  // namespace derp::wire
