// Any bytes as a peer's certificate: every fact can be asked for, and what was read once reads back
// the same.
#include <cstdint>

#include "common/base/result.h"
#include "common/net/peer_verification.h"

using namespace derp;

namespace {

constexpr std::size_t kMostShown = 124;  // 120 bytes and an ellipsis

void CheckFacts(const net::Certificate& certificate) {
  Check(certificate.IssuerText().size() <= kMostShown, "text for people is bounded");
  Check(certificate.IsMeta() == certificate.SubjectCommonName().starts_with("derpkey"),
        "meta certificates are told by their name");
  for (const std::string& name : certificate.Names()) {
    if (IpAddress::Parse(name)) static_cast<void>(certificate.CoversName(name));
  }
  Check(!certificate.CoversName(""), "the empty name is never covered");
  static_cast<void>(certificate.IsSelfSigned());
  static_cast<void>(certificate.IssuerOrganization());
  static_cast<void>(certificate.IssuerUrl());
  static_cast<void>(certificate.CrlUrl());
  static_cast<void>(certificate.NotBefore());
  static_cast<void>(certificate.NotAfter());
}

void CheckVerdicts(const net::CertificateChain& chain) {
  const auto roots = net::RootStore::Only(net::ToPem(chain.front()));
  Check(roots.has_value(), "a certificate can be an anchor");
  const WallTime now = chain.front().NotBefore();
  net::PeerPolicy policy;
  policy.host_name = "relay.example.net";
  const auto named = net::VerifyPeer(chain, policy, **roots, now);
  Check(named.problem.has_value() == !named.detail.empty(), "a problem has a detail");
  policy.cert_name = "sha256-raw:" + chain.front().Sha256Hex();
  const auto pinned = net::VerifyPeer(chain, policy, **roots, now);
  Check(pinned.problem != net::CertProblem::kPinMismatch, "its own pin fits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto certificate = net::Certificate::FromDer(ByteView(data, size));
  if (!certificate) return 0;
  const auto again = net::Certificate::FromDer(certificate->Der());
  Check(again && again->Sha256Hex() == certificate->Sha256Hex(), "a certificate reads back");
  CheckFacts(*certificate);
  static_cast<void>(net::FindMetaKey({*certificate}));
  CheckVerdicts({*certificate});
  return 0;
}
