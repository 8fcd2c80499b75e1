// Turns OpenSSL's error queue into the cause of a failed session. For this folder only.
#pragma once

#include <string_view>

#include "common/net/tls_session.h"

namespace derp::net {

// Reads and empties this thread's error queue. `sni` is what the client sent, for the text.
TlsFailure TakeTlsFailure(std::string_view sni);

// For first bytes that cannot start a TLS record.
TlsFailure NotTlsFailure();

// Go's words for a TLS alert, "alert(199)" for a number that has none.
std::string AlertText(int alert);

}  // namespace derp::net
