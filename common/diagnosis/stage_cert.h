// Stage cert: the certificates a relay sent, judged as a client judges them, and how long they will
// last (findings.md 3, rule 6). Pure: no I/O; so a missing intermediate is believed to be where the
// certificate says, and nothing is known of revocation. trust/check_chain.h looks.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/diagnosis/finding.h"
#include "common/net/peer_verification.h"

namespace derp::diagnosis {

struct CertStage {
  std::optional<Finding> decision;   // what decided the outcome; none: ok
  std::vector<Finding> notes;        // infos beside it
  std::optional<Finding> meta_note;  // cert.meta_missing; stands once the family got to derp
  bool refused = false;              // a client ends the connection here
  bool verified = false;             // chain or pin checked and right: the mesh key may be sent
  std::optional<net::MetaKey> meta;
  std::optional<WallTime> not_after;
  std::optional<std::int64_t> days_left;
};

CertStage JudgeCertificates(const net::CertificateChain& presented, bool tls13,
                            const net::PeerPolicy& policy, const net::RootStore& roots,
                            WallTime now);

// The chain ends at an issuer nobody here knows.
Finding UnknownIssuer(const net::CertificateChain& presented);
// It would be trusted with what `url` gives.
Finding IncompleteChain(const net::CertificateChain& presented, std::string_view url);

// Whole days from `now` to `then`, rounded down: -1 as soon as it has passed.
std::int64_t DaysUntil(WallTime now, WallTime then);

}  // namespace derp::diagnosis
