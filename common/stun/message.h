// Whole STUN messages as Tailscale's clients and relays exchange them: the 40-byte binding request
// with its gate (SOFTWARE "tailnode" and FINGERPRINT), the one-attribute success response, and the
// judgement of what arrives. Pure functions; sockets are in common/net, other vendors' requests in
// server_answer.h. Sources: stun.md 1 and 2, RFC 8489, Go: net/stun.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"

namespace derp::stun {

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::size_t kRequestSize = 40;
inline constexpr std::size_t kMaxDatagram = 2048;  // No STUN message is longer; for receive slots.
inline constexpr std::uint32_t kMagicCookie = 0x2112a442;
inline constexpr std::uint32_t kFingerprintMask = 0x5354554e;  // "STUN"
inline constexpr std::string_view kSoftwareGate = "tailnode";

enum class MessageType : std::uint16_t {
  kBindingRequest = 0x0001,
  kBindingSuccess = 0x0101,
  kBindingError = 0x0111,
};

// Chosen at random for every request: RandomSource::Fill(id.bytes).
struct TransactionId {
  std::array<std::uint8_t, 12> bytes{};
  auto operator<=>(const TransactionId&) const = default;
};

enum class MessageError {
  kNotStun,             // under 20 bytes, top bits set, or no cookie
  kNotSuccessResponse,  // the type is not 0x0101
  kMalformedAttrs,      // the attributes cannot be walked, or no address among them can be read
  kNotBindingRequest,   // the type is not 0x0001
  kWrongSoftware,       // no SOFTWARE equal to "tailnode"
  kNoFingerprint,       // FINGERPRINT is not the last attribute
  kWrongFingerprint,    // FINGERPRINT does not fit the bytes
};
inline constexpr std::size_t kMessageErrorCount = 7;
std::string_view MessageErrorName(MessageError error);  // "not_stun" …, as metrics show them
std::string_view MessageErrorText(MessageError error);  // for people; what stunc prints

// The cheap test that tells STUN from other traffic on the same port.
bool IsStun(ByteView datagram);

// The id of anything that IsStun(), whatever else is wrong with it.
std::optional<TransactionId> PeekTransactionId(ByteView datagram);

std::array<std::uint8_t, kRequestSize> BuildRequest(const TransactionId& id);

// Judged as Tailscale's relay does, in its order; additionally, a header length other than the
// datagram's is malformed.
Expected<TransactionId, MessageError> ParseRequest(ByteView datagram);

// 32 bytes for an IPv4 address (mapped ones included), 44 for IPv6.
inline constexpr std::size_t kMaxResponse = 44;
Bytes BuildResponse(const TransactionId& id, const SocketAddress& address);
// The same into memory of the caller's; gives the size.
std::size_t WriteResponse(std::span<std::uint8_t, kMaxResponse> out, const TransactionId& id,
                          const SocketAddress& address);

struct Response {
  TransactionId id;
  SocketAddress address;     // where the request came from, as the server saw it; unmapped
  bool mapped_form = false;  // an IPv4 address that was sent as ::ffff:a.b.c.d
};
Expected<Response, MessageError> ParseResponse(ByteView datagram);

// What FINGERPRINT must hold when `covered` is all of the message before that attribute.
std::uint32_t FingerprintOf(ByteView covered);

}  // namespace derp::stun
