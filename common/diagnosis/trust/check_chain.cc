#include "common/diagnosis/trust/check_chain.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/trust/authorities.h"
#include "common/diagnosis/trust/public_url.h"
#include "common/net/certificate_facts.h"

namespace derp::diagnosis {

namespace {

constexpr int kMostMissing = 3;  // intermediates fetched for one chain

// Since then Let's Encrypt names a list in every certificate (derpprobe.md 5.4).
constexpr std::string_view kLetsEncrypt = "Let's Encrypt";
const WallTime kLetsEncryptLists = FromUnixSeconds(1'746'576'000);  // 2025-05-07

class ChainCheck {
 public:
  ChainCheck(const net::CertificateChain& presented, bool tls13, const net::PeerPolicy& policy,
             bool may_be_private, const WalkContext& context, TimePoint deadline)
      : presented_(presented),
        tls13_(tls13),
        policy_(policy),
        may_be_private_(may_be_private),
        context_(context),
        wait_{context.caps.cert, std::min(deadline, context.clock.Now() + context.caps.cert)},
        stage_(JudgeCertificates(presented, tls13, policy, *context.roots, context.WallNow())) {}

  CertStage Run() {
    if (context_.authorities == nullptr) return std::move(stage_);
    const std::string code = stage_.decision ? stage_.decision->code : "";
    if (code == "cert.incomplete_chain" || code == "cert.unknown_issuer") {
      LookForMissing();
    } else if (stage_.verified && !policy_.is_pinned()) {
      CheckRevoked();
    }
    return std::move(stage_);
  }

 private:
  // Adds what the end of the chain names until a client would trust it, or nothing more is named.
  void LookForMissing() {
    net::CertificateChain chain = presented_;
    std::string fetched_from;
    for (int i = 0; i < kMostMissing; ++i) {
      const auto end = net::EndOfChain(chain);
      if (!end || end->IsSelfSigned()) break;
      const auto url = end->IssuerUrl();
      if (!url) break;
      const auto issuers = context_.authorities->Issuers({*url, may_be_private_}, wait_);
      if (!issuers)
        return Unknown(
            fmt::format("its issuer's certificate is not to be had: {}", issuers.error().context));
      chain.insert(chain.end(), (*issuers)->begin(), (*issuers)->end());
      if (fetched_from.empty()) fetched_from = *url;
      const auto again =
          JudgeCertificates(chain, tls13_, policy_, *context_.roots, context_.WallNow());
      const std::string code = again.decision ? again.decision->code : "";
      if (code == "cert.incomplete_chain" || code == "cert.unknown_issuer") continue;
      stage_.decision = IncompleteChain(presented_, fetched_from);
      if (again.refused) stage_.decision->data["also"] = code;
      return;
    }
    Unknown(fetched_from.empty()
                ? ""
                : fmt::format("nor with what {} gives", PrintablePeerText(fetched_from)));
  }

  void Unknown(const std::string& more) {
    Finding finding = UnknownIssuer(presented_);
    if (!more.empty()) finding.fact += "; " + more;
    finding.data.insert(stage_.decision->data.begin(), stage_.decision->data.end());
    stage_.decision = std::move(finding);
  }

  void CheckRevoked() {
    if (context_.authorities->mode() == CrlMode::kOff) return;
    const net::Certificate& leaf = presented_.front();
    const auto url = leaf.CrlUrl();
    if (!url) {
      const bool should = leaf.IssuerOrganization().find(kLetsEncrypt) != std::string::npos &&
                          leaf.NotBefore() >= kLetsEncryptLists;
      if (should) Unavailable("the certificate names no list, as all of Let's Encrypt's do");
      return;
    }
    const auto issuer = net::IssuerOf(
        leaf, net::CertificateChain(presented_.begin() + 1, presented_.end()), *context_.roots);
    if (!issuer) return Unavailable("the issuer that signs the list is not known here");
    const auto list = context_.authorities->List({*url, may_be_private_}, *issuer, wait_);
    if (!list) return Unavailable(list.error().context);
    if (const auto entry = (*list)->Find(leaf)) return Revoked(*entry, *url);
    const auto next = (*list)->next_update();
    if (next && *next < context_.WallNow()) {
      Unavailable(fmt::format("{} gives a list that was due to be replaced on {}",
                              PrintablePeerText(*url), FormatRfc3339(*next)));
    }
  }

  void Revoked(const net::RevocationList::Entry& entry, const std::string& url) {
    Finding finding = MakeFinding("cert.revoked", "its issuer has revoked the certificate",
                                  fmt::format("revoked {} ({}), says {}", FormatRfc3339(entry.at),
                                              entry.reason, PrintablePeerText(url)),
                                  "get a new certificate and reload the relay");
    finding.data["reason"] = std::string(entry.reason);
    if (stage_.decision) finding.data["also"] = stage_.decision->code;
    if (stage_.days_left) finding.data["days_left"] = *stage_.days_left;
    stage_.decision = std::move(finding);
    stage_.refused = true;
    stage_.verified = false;
  }

  void Unavailable(const std::string& why) {
    Finding finding =
        MakeFinding("cert.crl_unavailable", "whether the certificate was revoked is not known", why,
                    "nothing; it is tried again");
    if (context_.authorities->mode() == CrlMode::kHard && !stage_.decision) {
      finding.severity = Severity::kError;
      finding.advice = "see that the list can be fetched from here, or use -crl soft";
      stage_.decision = std::move(finding);
      return;
    }
    if (context_.authorities->mode() == CrlMode::kHard) finding.severity = Severity::kError;
    stage_.notes.push_back(std::move(finding));
  }

  const net::CertificateChain& presented_;
  const bool tls13_;
  const net::PeerPolicy& policy_;
  const bool may_be_private_;
  const WalkContext& context_;
  const Authorities::Wait wait_;
  CertStage stage_;
};

}  // namespace

CertStage CheckCertificates(const net::CertificateChain& presented, bool tls13,
                            const net::PeerPolicy& policy, const IpAddress& relay,
                            const WalkContext& context, TimePoint deadline) {
  return ChainCheck(presented, tls13, policy, !IsPublicAddress(relay), context, deadline).Run();
}

}  // namespace derp::diagnosis
