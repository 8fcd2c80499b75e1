// Stage cert: the certificates a relay sent, judged as a client judges them, and how long they will
// last (findings.md 3, rule 6). Pure: no I/O.
#pragma once

#include <optional>
#include <vector>

#include "common/diagnosis/finding.h"
#include "common/net/peer_verification.h"

namespace derp::diagnosis {

struct CertStage {
  std::optional<Finding> decision;  // what decided the outcome; none: ok
  std::vector<Finding> notes;       // infos beside it
  bool refused = false;             // a client ends the connection here
  bool verified = false;            // chain or pin checked and right: the mesh key may be sent
  std::optional<net::MetaKey> meta;
  std::optional<WallTime> not_after;
  std::optional<std::int64_t> days_left;
};

CertStage JudgeCertificates(const net::CertificateChain& presented, bool tls13,
                            const net::PeerPolicy& policy, const net::RootStore& roots,
                            WallTime now);

// Whole days from `now` to `then`, rounded down: -1 as soon as it has passed.
std::int64_t DaysUntil(WallTime now, WallTime then);

}  // namespace derp::diagnosis
