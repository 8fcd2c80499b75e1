#include "derper/relay/peer_fault.h"

#include <array>

namespace derp::relay {

std::string_view FaultLabel(HandshakeFault fault) {
  constexpr std::array<std::string_view, kHandshakeFaults> kLabels = {
      "client_alert", "timeout", "closed",      "plain_http", "not_tls",
      "version",      "cipher",  "sni_refused", "other"};
  return kLabels[static_cast<std::size_t>(fault)];
}

HandshakeFault FaultOf(net::TlsFailure::Cause cause) {
  using Cause = net::TlsFailure::Cause;
  switch (cause) {
    case Cause::kAlertReceived:
      return HandshakeFault::kClientAlert;
    case Cause::kNotTls:
      return HandshakeFault::kNotTls;
    case Cause::kVersion:
      return HandshakeFault::kVersion;
    case Cause::kCipher:
      return HandshakeFault::kCipher;
    case Cause::kCertificate:
      return HandshakeFault::kSniRefused;
    case Cause::kProtocol:
      break;
  }
  return HandshakeFault::kOther;
}

std::string_view FaultLabel(PeerFault fault) {
  constexpr std::array<std::string_view, kPeerFaults> kLabels = {
      "frame",    "truncated", "websocket", "tls", "timeout",
      "too_long", "magic",     "key",       "box", "json"};
  return kLabels[static_cast<std::size_t>(fault)];
}

PeerFault FaultOf(wire::LoginError error) {
  switch (error) {
    case wire::LoginError::kTooShort:
      return PeerFault::kFrame;
    case wire::LoginError::kTooLong:
      return PeerFault::kTooLong;
    case wire::LoginError::kBadMagic:
      return PeerFault::kMagic;
    case wire::LoginError::kZeroKey:
      return PeerFault::kKey;
    case wire::LoginError::kBoxDoesNotOpen:
      return PeerFault::kBox;
    case wire::LoginError::kBadJson:
      break;
  }
  return PeerFault::kJson;
}

}  // namespace derp::relay
