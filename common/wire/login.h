// The login: ServerKey greeting, sealed ClientInfo, sealed ServerInfo (derp-protocol.md 4.3
// to 4.5).
#pragma once

#include <optional>
#include <string>

#include "common/crypto/box.h"
#include "common/wire/frame.h"

namespace derp::wire {

inline constexpr int kProtocolVersion = 2;

enum class LoginError {
  kTooShort,
  kTooLong,
  kBadMagic,
  kZeroKey,
  kBoxDoesNotOpen,
  kBadJson,  // no JSON object, a wrong type, a malformed mesh key
};
std::string_view LoginErrorName(LoginError error);

struct ClientInfo {
  std::optional<MeshKey> mesh_key{};
  int version = kProtocolVersion;
  bool can_ack_pings = false;
  bool is_prober = false;
  std::string app_name{};
};
struct ServerInfo {
  int version = kProtocolVersion;
  std::int64_t token_bucket_bytes_per_second = 0;  // 0: no limit asked for
  std::int64_t token_bucket_bytes_burst = 0;
};
struct ReceivedClientInfo {
  NodePublic key;
  ClientInfo info;
};

void AppendServerKey(Bytes& out, const NodePublic& server);
Expected<NodePublic, LoginError> DecodeServerKey(ByteView payload);

// A client's box is between its key and the server's; it seals this and opens ServerInfo.
Bytes EncodeClientInfo(const ClientInfo& info, const NodePublic& client, const BoxKey& box,
                       const std::array<std::uint8_t, kBoxNonceSize>& nonce);
Expected<ReceivedClientInfo, LoginError> DecodeClientInfo(ByteView payload,
                                                          const NodePrivate& server);

std::optional<Bytes> EncodeServerInfo(const ServerInfo& info, const NodePrivate& server,
                                      const NodePublic& client,
                                      const std::array<std::uint8_t, kBoxNonceSize>& nonce);
Expected<ServerInfo, LoginError> DecodeServerInfo(ByteView payload, const BoxKey& box);

// The JSON inside the boxes, member order as Go writes it; read as Go reads it (4.4).
std::string ClientInfoJson(const ClientInfo& info);
Expected<ClientInfo, LoginError> ParseClientInfoJson(std::string_view text);
std::string ServerInfoJson(const ServerInfo& info);
Expected<ServerInfo, LoginError> ParseServerInfoJson(std::string_view text);

}  // namespace derp::wire
