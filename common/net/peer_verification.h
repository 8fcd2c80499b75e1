// Judges a server's certificates as a DERP client does (derp-protocol.md 3.6, 6.4): names, chains,
// pins, InsecureForTests. Every problem has a name of its own, so that a report can say which.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/certificate.h"

namespace derp::net {

// What the map says about a node's certificate.
struct PeerPolicy {
  std::string host_name;  // the name dialled: SNI and verification name
  std::string cert_name;  // "", another name, or "sha256-raw:<hex>"
  bool insecure_for_tests = false;

  bool is_pinned() const { return cert_name.starts_with("sha256-raw:"); }
};

// In the order of findings.md rule 6 (cert).
enum class CertProblem {
  kNoCertificate,
  kPinMismatch,
  kPinChain,  // pinned, but more than one certificate besides the meta certificate
  kNotYetValid,
  kExpired,
  kSelfSigned,       // and not pinned, not trusted
  kIncompleteChain,  // the leaf's issuer is missing and its AIA names where it is. Whether the
                     // chain is trusted once that is added, only fetching it can tell.
  kUnknownIssuer,
  kNameMismatch,
};

struct CertVerdict {
  std::optional<CertProblem> problem;  // none: a client accepts it
  bool unverified = false;             // InsecureForTests: nothing was checked
  std::string detail;  // one sentence with the values; the peer's words are made printable
};

// Trust anchors. The system's store (SSL_CERT_FILE and SSL_CERT_DIR honoured) plus Let's Encrypt's
// built-in roots, or a file of anchors only. Immutable; any thread. Making one reads the system's
// bundle: make it once and share it.
class RootStore {
 public:
  static std::shared_ptr<const RootStore> System();
  // Anchors of a PEM text, self-signed leaves included (-mesh-ca-file), on top of System().
  static Expected<std::shared_ptr<const RootStore>, Error> SystemPlus(std::string_view pem);
  static Expected<std::shared_ptr<const RootStore>, Error> Only(std::string_view pem);
  ~RootStore();
  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit RootStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

CertVerdict VerifyPeer(const CertificateChain& presented, const PeerPolicy& policy,
                       const RootStore& roots, WallTime now);

}  // namespace derp::net
