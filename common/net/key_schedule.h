// TLS 1.3's key schedule (RFC 8446 7.1) as an algorithm of an OpenSSL provider, for
// client_library.cc. OpenSSL 3.0 looks up its algorithms and builds several objects anew for each
// of some twenty secrets of a handshake; this one works on the stack. SHA-256 and SHA-384, which is
// what TLS 1.3's suites have. Any thread. For the .cc files of this folder only.
#pragma once

#include <openssl/core.h>

namespace derp::net {

// The functions of a KDF that takes what OpenSSL's "TLS13-KDF" takes, all of it with the call that
// derives. Lives as long as the process.
const OSSL_DISPATCH* KeyScheduleFunctions();

}  // namespace derp::net
