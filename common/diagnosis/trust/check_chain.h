// Stage cert as a whole: the judgement of stage_cert.h, and what only the authorities can tell:
// whether a missing intermediate would complete the chain, and whether the certificate was revoked
// (findings.md 3, rule 6). Waits at most caps.cert for what is not at hand. Any thread.
#pragma once

#include "common/diagnosis/stage_cert.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

// `relay` is the address the certificates came from.
CertStage CheckCertificates(const net::CertificateChain& presented, bool tls13,
                            const net::PeerPolicy& policy, const IpAddress& relay,
                            const WalkContext& context, TimePoint deadline);

}  // namespace derp::diagnosis
