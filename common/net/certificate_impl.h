// What Certificate and PrivateKey hold. For the .cc files of this folder only.
#pragma once

#include "common/net/certificate.h"
#include "common/net/openssl_handles.h"

namespace derp::net {

// The handles are shared between threads. OpenSSL fills its caches inside an X509 on first use,
// under a lock of its own, so reading needs no lock here.
struct Certificate::Impl {
  X509Ptr x509;
};

struct PrivateKey::Impl {
  EvpPkeyPtr key;
};

Certificate WrapCertificate(X509Ptr x509);
PrivateKey WrapPrivateKey(EvpPkeyPtr key);

// The Unix time of an ASN.1 time, kept within what WallTime can hold (years 1678 to 2261): some
// certificates are valid until 9999.
WallTime FromAsn1Time(const ASN1_TIME* time);

}  // namespace derp::net
