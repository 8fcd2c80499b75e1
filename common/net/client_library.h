// The OpenSSL library context of TLS clients. For the .cc files of this folder only.
#pragma once

#include <openssl/crypto.h>

namespace derp::net {

// With OpenSSL before 3.2 a context of its own, null (the usual one) otherwise. Reading a
// certificate's key there looks through every decoder and every kind of key that the provider
// offers, about 0.2 ms per certificate and half of a client's handshake; this context offers those
// that certificates use. Lives as long as the process.
OSSL_LIB_CTX* ClientLibrary();

}  // namespace derp::net
