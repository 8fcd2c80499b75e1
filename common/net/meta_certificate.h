// The meta certificate with every input given, so that its bytes can be compared with golden ones.
// For certificates made from fresh keys see MakeMetaCertificate in certificate.h.
#pragma once

#include "common/net/certificate.h"

namespace derp::net {

// `seed` is an Ed25519 private key of 32 bytes.
Certificate MakeMetaCertificateFrom(const NodePublic& server, ByteView seed, WallTime not_before,
                                    WallTime not_after);

}  // namespace derp::net
