#include "common/net/tls_failure.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/base/text.h"

namespace derp::net {
namespace {

struct AlertName {
  int alert;
  std::string_view text;
};

// Numbers of RFC 8446 section 6 and its forerunners, words of Go's crypto/tls.
constexpr std::array kAlertNames = {
    AlertName{0, "close notify"},
    AlertName{10, "unexpected message"},
    AlertName{20, "bad record MAC"},
    AlertName{21, "decryption failed"},
    AlertName{22, "record overflow"},
    AlertName{30, "decompression failure"},
    AlertName{40, "handshake failure"},
    AlertName{42, "bad certificate"},
    AlertName{43, "unsupported certificate"},
    AlertName{44, "revoked certificate"},
    AlertName{45, "expired certificate"},
    AlertName{46, "unknown certificate"},
    AlertName{47, "illegal parameter"},
    AlertName{48, "unknown certificate authority"},
    AlertName{49, "access denied"},
    AlertName{50, "error decoding message"},
    AlertName{51, "error decrypting message"},
    AlertName{60, "export restriction"},
    AlertName{70, "protocol version not supported"},
    AlertName{71, "insufficient security level"},
    AlertName{80, "internal error"},
    AlertName{86, "inappropriate fallback"},
    AlertName{90, "user canceled"},
    AlertName{100, "no renegotiation"},
    AlertName{109, "missing extension"},
    AlertName{110, "unsupported extension"},
    AlertName{111, "certificate unobtainable"},
    AlertName{112, "unrecognized name"},
    AlertName{113, "bad certificate status response"},
    AlertName{114, "bad certificate hash value"},
    AlertName{115, "unknown PSK identity"},
    AlertName{116, "certificate required"},
    AlertName{120, "no application protocol"},
    AlertName{121, "encrypted client hello required"},
};

// The oldest entry of the TLS library, else the oldest of all: a decoder below may have spoken
// first.
unsigned long TakeTlsError() {
  unsigned long chosen = 0;
  while (const unsigned long code = ERR_get_error()) {
    if (chosen == 0 || (ERR_GET_LIB(chosen) != ERR_LIB_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL)) {
      chosen = code;
    }
  }
  return chosen;
}

TlsFailure FailureFor(int reason, const char* text, std::string_view sni) {
  using Cause = TlsFailure::Cause;
  if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    return {Cause::kAlertReceived, alert, "remote error: tls: " + AlertText(alert)};
  }
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return NotTlsFailure();
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
      return {Cause::kVersion, -1, "tls: no common protocol version"};
    case SSL_R_NO_SHARED_CIPHER:
      return {Cause::kCipher, -1, "tls: no cipher suite supported by both client and server"};
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return {Cause::kProtocol, -1, "tls: client requested unsupported application protocols"};
    case SSL_R_CALLBACK_FAILED:  // the only callback that can fail decides by name
      return {Cause::kCertificate, -1,
              fmt::format("cert mismatch with hostname: {}", GoQuote(sni))};
    default:
      return {Cause::kProtocol, -1,
              fmt::format("tls: {}", text == nullptr ? "unknown error" : text)};
  }
}

}  // namespace

std::string AlertText(int alert) {
  const auto* found = std::ranges::find(kAlertNames, alert, &AlertName::alert);
  if (found != kAlertNames.end()) return std::string(found->text);
  return fmt::format("alert({})", alert);
}

TlsFailure NotTlsFailure() {
  return {TlsFailure::Cause::kNotTls, -1, "tls: first record does not look like a TLS handshake"};
}

TlsFailure TakeTlsFailure(std::string_view sni) {
  const unsigned long code = TakeTlsError();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  return FailureFor(reason, ERR_reason_error_string(code), sni);
}

}  // namespace derp::net
