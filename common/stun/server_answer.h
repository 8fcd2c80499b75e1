// What a STUN server answers to one datagram: a pure function of the datagram and its source.
// Strict mode speaks to Tailscale's clients only, as Tailscale's relay does. Generic mode also
// answers other vendors' binding requests, classic ones (RFC 3489) included. How often a source may
// ask is the server's business. Source: stun.md 4.5.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/stun/message.h"

namespace derp::stun {

enum class ServerMode { kStrict, kGeneric };
std::optional<ServerMode> ParseServerMode(std::string_view text);  // "strict", "generic"

// An answer names at most kMaxUnknownAttributes attributes it did not understand.
inline constexpr std::size_t kMaxUnknownAttributes = 16;
inline constexpr std::size_t kMaxAnswer = 128;

struct Answer {
  std::array<std::uint8_t, kMaxAnswer> room;
  std::size_t size = 0;
  bool tailscale_dialect = false;  // smaller than its request, or 4 bytes longer for IPv6

  ByteView bytes() const { return ByteView(room).first(size); }
};

// The error says why there is no answer, in the words of the dialect that was tried last.
Expected<Answer, MessageError> AnswerRequest(ServerMode mode, ByteView datagram,
                                             const SocketAddress& source);

}  // namespace derp::stun
