#include "common/wire/login.h"

#include <algorithm>
#include <array>

#include "common/base/defaults.h"

namespace derp::wire {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {'D', 'E', 'R', 'P', 0xf0, 0x9f, 0x94, 0x91};

}  // namespace

std::string_view LoginErrorName(LoginError error) {
  switch (error) {
    case LoginError::kTooShort:
      return "too short";
    case LoginError::kTooLong:
      return "too long";
    case LoginError::kBadMagic:
      return "wrong magic";
    case LoginError::kZeroKey:
      return "all-zero key";
    case LoginError::kBoxDoesNotOpen:
      return "sealed box does not open";
    case LoginError::kBadJson:
      return "malformed JSON";
  }
  return "unknown error";
}

void AppendServerKey(Bytes& out, const NodePublic& server) {
  AppendHeader(out, FrameType::kServerKey, kMagic.size() + kKeySize);
  AppendBytes(out, kMagic);
  AppendBytes(out, server.bytes());
}

Expected<NodePublic, LoginError> DecodeServerKey(ByteView payload) {
  if (payload.size() > kMaxServerGreeting) return Fail(LoginError::kTooLong);
  ByteReader reader(payload);
  const auto magic = reader.Take(kMagic.size());
  const auto key = reader.Take(kKeySize);
  if (!magic || !key) return Fail(LoginError::kTooShort);
  if (!std::equal(kMagic.begin(), kMagic.end(), magic->begin())) return Fail(LoginError::kBadMagic);
  const NodePublic server = NodePublic::FromBytes(*key);
  if (server.is_zero()) return Fail(LoginError::kZeroKey);
  return server;
}

Bytes EncodeClientInfo(const ClientInfo& info, const NodePublic& client, const BoxKey& box,
                       const std::array<std::uint8_t, kBoxNonceSize>& nonce) {
  const Bytes sealed = box.Seal(AsBytes(ClientInfoJson(info)), nonce);
  Bytes frame;
  AppendHeader(frame, FrameType::kClientInfo, static_cast<std::uint32_t>(kKeySize + sealed.size()));
  AppendBytes(frame, client.bytes());
  AppendBytes(frame, sealed);
  return frame;
}

Expected<ReceivedClientInfo, LoginError> DecodeClientInfo(ByteView payload,
                                                          const NodePrivate& server) {
  if (payload.size() > kMaxClientInfo) return Fail(LoginError::kTooLong);
  if (payload.size() < kKeySize + kBoxNonceSize) return Fail(LoginError::kTooShort);
  const NodePublic key = NodePublic::FromBytes(payload.first(kKeySize));
  if (key.is_zero()) return Fail(LoginError::kZeroKey);
  const auto text = OpenBox(payload.subspan(kKeySize), key, server);
  if (!text) return Fail(LoginError::kBoxDoesNotOpen);
  const auto info = ParseClientInfoJson(AsText(*text));
  if (!info) return Fail(info.error());
  return ReceivedClientInfo{.key = key, .info = *info};
}

std::optional<Bytes> EncodeServerInfo(const ServerInfo& info, const NodePrivate& server,
                                      const NodePublic& client,
                                      const std::array<std::uint8_t, kBoxNonceSize>& nonce) {
  const auto sealed = SealBox(AsBytes(ServerInfoJson(info)), server, client, nonce);
  if (!sealed) return std::nullopt;
  Bytes frame;
  AppendFrame(frame, FrameType::kServerInfo, *sealed);
  return frame;
}

Expected<ServerInfo, LoginError> DecodeServerInfo(ByteView payload, const BoxKey& box) {
  if (payload.size() > kMaxClientFrame) return Fail(LoginError::kTooLong);
  if (payload.size() < kBoxNonceSize) return Fail(LoginError::kTooShort);
  const auto text = box.Open(payload);
  if (!text) return Fail(LoginError::kBoxDoesNotOpen);
  return ParseServerInfoJson(AsText(*text));
}

}  // namespace derp::wire
