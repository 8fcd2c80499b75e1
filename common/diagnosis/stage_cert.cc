#include "common/diagnosis/stage_cert.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/units.h"
#include "common/net/certificate_facts.h"
#include "common/net/middle_box.h"

namespace derp::diagnosis {

namespace {

constexpr Duration kDay = std::chrono::hours(24);

std::string Days(std::int64_t days) {
  return fmt::format("{} {}", days, days == 1 ? "day" : "days");
}

const net::Certificate* Leaf(const net::CertificateChain& presented) {
  for (const net::Certificate& certificate : presented) {
    if (!certificate.IsMeta()) return &certificate;
  }
  return nullptr;
}

std::string ExpectedName(const net::PeerPolicy& policy) {
  return policy.cert_name.empty() || policy.is_pinned() ? policy.host_name : policy.cert_name;
}

Finding Expired(const net::Certificate& leaf, WallTime now) {
  Finding finding = MakeFinding("cert.expired");
  const std::int64_t days = std::max<std::int64_t>(0, -DaysUntil(now, leaf.NotAfter()) - 1);
  finding.headline = days == 0 ? "certificate expired within the last day"
                               : fmt::format("certificate expired {} ago", Days(days));
  finding.fact = fmt::format("not after {}, issuer \"{}\"", FormatRfc3339(leaf.NotAfter()),
                             PrintablePeerText(leaf.IssuerText()));
  finding.advice =
      "renew it and reload the relay; if it is pinned, the new pin goes into the map first";
  return finding;
}

Finding NotYetValid(const net::Certificate& leaf) {
  Finding finding = MakeFinding("cert.not_yet_valid");
  finding.headline = "certificate is not valid yet";
  finding.fact = fmt::format("not before {}", FormatRfc3339(leaf.NotBefore()));
  finding.advice = "check the clocks of this machine and of the one that issued it";
  return finding;
}

Finding PinMismatch(const net::Certificate& leaf, const net::PeerPolicy& policy) {
  Finding finding = MakeFinding("cert.pin_mismatch");
  const std::string expected = policy.cert_name.substr(policy.cert_name.find(':') + 1);
  finding.headline = "another certificate than the pinned one";
  finding.fact = fmt::format("pinned {}, seen {}", PrintablePeerText(expected), leaf.Sha256Hex());
  finding.advice = "if the certificate is the relay's own, put the new pin into CertName";
  finding.data["pin_expected"] = expected;
  finding.data["pin_seen"] = leaf.Sha256Hex();
  return finding;
}

Finding PinChain(const net::CertificateChain& presented) {
  Finding finding = MakeFinding("cert.pin_chain");
  const auto count = std::count_if(presented.begin(), presented.end(),
                                   [](const net::Certificate& c) { return !c.IsMeta(); });
  finding.headline = "pinned, but sends a chain of certificates";
  finding.fact = fmt::format("{} certificates came where a pin allows one", count);
  finding.advice = "install the leaf alone on the relay, or remove the pin from the map";
  finding.data["certificates"] = static_cast<std::int64_t>(count);
  return finding;
}

Finding SelfSigned(const net::Certificate& leaf) {
  Finding finding = MakeFinding("cert.self_signed");
  finding.headline = "certificate is self-signed and not pinned";
  finding.fact = fmt::format("issuer and subject are \"{}\"", PrintablePeerText(leaf.IssuerText()));
  finding.advice =
      fmt::format("put \"CertName\": \"sha256-raw:{}\" into the node", leaf.Sha256Hex());
  finding.data["pin_seen"] = leaf.Sha256Hex();
  return finding;
}

Finding NameMismatch(const net::Certificate& leaf, const net::PeerPolicy& policy) {
  Finding finding = MakeFinding("cert.name_mismatch");
  std::vector<std::string> names;
  for (const std::string& name : leaf.Names()) names.push_back(PrintablePeerText(name));
  const std::string expected = PrintablePeerText(ExpectedName(policy));
  finding.headline = fmt::format("certificate is not for {}", expected);
  finding.fact = fmt::format("it covers {}", names.empty() ? "no name" : Join(names, ", "));
  finding.advice = fmt::format("install a certificate for {}, or correct the map", expected);
  return finding;
}

// The first that is out of its dates decides: an intermediate's end is the leaf's too.
template <typename Bad>
const net::Certificate& Culprit(const net::CertificateChain& presented,
                                const net::Certificate& leaf, Bad bad) {
  for (const net::Certificate& certificate : presented) {
    if (!certificate.IsMeta() && bad(certificate)) return certificate;
  }
  return leaf;
}

Finding Intercepted(const net::CertificateChain& presented, std::string_view vendor) {
  Finding finding = MakeFinding("cert.intercepted");
  const net::Certificate* leaf = Leaf(presented);
  finding.headline = fmt::format("{} on the way opens the connection", vendor);
  finding.fact = fmt::format("issuer \"{}\"", PrintablePeerText(leaf->IssuerText()));
  finding.advice = "have the relay's name exempted from inspection";
  finding.data["vendor"] = std::string(vendor);
  return finding;
}

Finding FromProblem(net::CertProblem problem, const net::CertificateChain& presented,
                    const net::PeerPolicy& policy, WallTime now) {
  const net::Certificate* leaf = Leaf(presented);
  if (leaf == nullptr || problem == net::CertProblem::kNoCertificate) {
    Finding finding = MakeFinding("cert.unknown_issuer");
    finding.headline = "no certificate of its own";
    finding.fact = "the relay sent no certificate to judge";
    finding.advice = "install a certificate on the relay";
    return finding;
  }
  switch (problem) {
    case net::CertProblem::kPinMismatch:
      return PinMismatch(*leaf, policy);
    case net::CertProblem::kPinChain:
      return PinChain(presented);
    case net::CertProblem::kNotYetValid:
      return NotYetValid(Culprit(presented, *leaf, [now](const net::Certificate& each) {
        return now < each.NotBefore();
      }));
    case net::CertProblem::kExpired:
      return Expired(Culprit(presented, *leaf,
                             [now](const net::Certificate& each) { return now > each.NotAfter(); }),
                     now);
    case net::CertProblem::kSelfSigned:
      return SelfSigned(*leaf);
    case net::CertProblem::kIncompleteChain:
      return IncompleteChain(presented, leaf->IssuerUrl().value_or(""));
    case net::CertProblem::kNameMismatch:
      return NameMismatch(*leaf, policy);
    case net::CertProblem::kUnknownIssuer:
    case net::CertProblem::kNoCertificate:
      break;
  }
  return UnknownIssuer(presented);
}

// What else is wrong with a chain, by its code (rule 6: it goes into the data).
std::vector<std::string> OtherFaults(const net::CertificateChain& presented,
                                     const net::PeerPolicy& policy, const net::RootStore& roots,
                                     const net::Certificate& leaf, WallTime now) {
  std::vector<std::string> codes;
  if (policy.is_pinned()) return codes;
  if (now < leaf.NotBefore()) codes.emplace_back("cert.not_yet_valid");
  if (now > leaf.NotAfter()) codes.emplace_back("cert.expired");
  const WallTime valid =
      std::clamp(now, leaf.NotBefore(), std::max(leaf.NotBefore(), leaf.NotAfter()));
  const net::PeerPolicy any_name{};
  if (const auto chain = net::VerifyPeer(presented, any_name, roots, valid); chain.problem) {
    codes.push_back(FromProblem(*chain.problem, presented, policy, valid).code);
  }
  const std::string name = ExpectedName(policy);
  const bool compared = !policy.cert_name.empty() || !IpAddress::Parse(name);
  if (compared && !name.empty() && !leaf.CoversName(name)) codes.emplace_back("cert.name_mismatch");
  return codes;
}

void AddFacts(Finding& finding, const net::CertificateChain& presented,
              const net::PeerPolicy& policy, const net::RootStore& roots, WallTime now) {
  const net::Certificate* leaf = Leaf(presented);
  if (leaf == nullptr) return;
  finding.data["issuer"] = PrintablePeerText(net::FullIssuerText(*leaf));
  finding.data["self_signed"] = leaf->IsSelfSigned();
  std::vector<std::string> others = OtherFaults(presented, policy, roots, *leaf, now);
  std::erase(others, finding.code);
  if (!others.empty()) finding.data["also"] = Join(others, ", ");
}

// Less than a tenth of its life or 7 days, then less than a third or 30 days; the shorter counts.
std::optional<Finding> Expiring(const net::Certificate& leaf, bool pinned, WallTime now) {
  const Duration left = leaf.NotAfter() - now;
  const Duration life = leaf.NotAfter() - leaf.NotBefore();
  const bool soon = left < std::min<Duration>(life / 10, 7 * kDay);
  const bool late = left < std::min<Duration>(life / 3, 30 * kDay);
  if (!soon && !late) return std::nullopt;
  Finding finding = MakeFinding(soon ? "cert.expiring_soon" : "cert.expiring");
  const std::int64_t days = DaysUntil(now, leaf.NotAfter());
  finding.headline = days > 0 ? fmt::format("certificate expires in {}", Days(days))
                              : std::string("certificate expires within a day");
  finding.fact = fmt::format("not after {}, {} of its life of {} left",
                             FormatRfc3339(leaf.NotAfter()), Days(days), Days(life / kDay));
  finding.advice = pinned ? "clients will refuse it then: put the new pin into the map first"
                          : "see that renewal works, then reload the relay";
  return finding;
}

}  // namespace

Finding UnknownIssuer(const net::CertificateChain& presented) {
  const net::Certificate* leaf = Leaf(presented);
  return MakeFinding(
      "cert.unknown_issuer", "issuer is not trusted",
      fmt::format("issuer \"{}\"", leaf == nullptr ? "" : PrintablePeerText(leaf->IssuerText())),
      "install the full chain of a public authority, or pin the certificate");
}

Finding IncompleteChain(const net::CertificateChain& presented, std::string_view url) {
  const net::Certificate* leaf = Leaf(presented);
  return MakeFinding("cert.incomplete_chain", "an intermediate certificate is missing",
                     fmt::format("issuer \"{}\", to be had from {}",
                                 leaf == nullptr ? "" : PrintablePeerText(leaf->IssuerText()),
                                 PrintablePeerText(url)),
                     "install the full chain (fullchain.pem), not the leaf alone");
}

std::int64_t DaysUntil(WallTime now, WallTime then) {
  return std::chrono::floor<std::chrono::days>(then - now).count();
}

CertStage JudgeCertificates(const net::CertificateChain& presented, bool tls13,
                            const net::PeerPolicy& policy, const net::RootStore& roots,
                            WallTime now) {
  CertStage stage;
  const net::CertVerdict verdict = net::VerifyPeer(presented, policy, roots, now);
  if (const net::Certificate* leaf = Leaf(presented)) {
    stage.not_after = leaf->NotAfter();
    stage.days_left = DaysUntil(now, leaf->NotAfter());
    if (!verdict.problem && !verdict.unverified) {
      stage.decision = Expiring(*leaf, policy.is_pinned(), now);
    }
  }
  if (verdict.problem) {
    const auto vendor = net::FindMiddleBox(presented);
    stage.decision = vendor ? Intercepted(presented, *vendor)
                            : FromProblem(*verdict.problem, presented, policy, now);
    AddFacts(*stage.decision, presented, policy, roots, now);
  }
  if (stage.decision) {
    if (stage.days_left) stage.decision->data["days_left"] = *stage.days_left;
    if (!verdict.detail.empty()) {
      stage.decision->data["error"] = "tls: " + PrintablePeerText(verdict.detail);
    }
  }
  stage.refused = verdict.problem.has_value();
  stage.verified = !verdict.problem && !verdict.unverified;
  if (verdict.unverified && !verdict.problem) {
    Finding note = MakeFinding("cert.unverified");
    note.headline = "certificate was not checked";
    note.fact = "the map says InsecureForTests";
    note.advice = "pin the certificate in the map instead";
    stage.notes.push_back(std::move(note));
  }
  if (tls13) stage.meta = net::FindMetaKey(presented);
  if (tls13 && !stage.meta && !verdict.problem) {
    Finding note = MakeFinding("cert.meta_missing");
    note.headline = "no meta certificate: no fast start";
    note.fact = fmt::format("TLS 1.3 with {}, none names a relay's key",
                            Count(presented.size(), "certificate", "certificates"));
    note.advice = "let TLS end at the relay itself";
    stage.meta_note = std::move(note);
  }
  return stage;
}

}  // namespace derp::diagnosis
