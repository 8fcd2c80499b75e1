// Why a peer was turned away before or after its login: the causes that metrics and logs name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/net/tls_session.h"
#include "common/wire/login.h"

namespace derp::relay {

enum class HandshakeFault : std::uint8_t {
  kClientAlert,  // the client refused, mostly our certificate
  kTimeout,
  kClosed,     // the client left
  kPlainHttp,  // http:// instead of https://
  kNotTls,     // other bytes that are no TLS
  kVersion,    // no shared version
  kCipher,     // no shared cipher
  kSniRefused,
  kOther,
};
inline constexpr std::size_t kHandshakeFaults = 9;
std::string_view FaultLabel(HandshakeFault fault);
HandshakeFault FaultOf(net::TlsFailure::Cause cause);

enum class PeerFault : std::uint8_t {
  kFrame,      // of a kind or length that has no place here
  kTruncated,  // the stream ended within a frame
  kWebSocket,  // its rules were broken
  kTls,        // a broken record
  // Only before the session:
  kTimeout,
  kTooLong,
  kMagic,
  kKey,
  kBox,  // does not open: the client means another relay, or has another key
  kJson,
};
inline constexpr std::size_t kPeerFaults = 10;
inline constexpr std::size_t kSessionFaults = 4;  // the first ones
std::string_view FaultLabel(PeerFault fault);
PeerFault FaultOf(wire::LoginError error);

}  // namespace derp::relay
