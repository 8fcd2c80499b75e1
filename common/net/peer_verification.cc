#include "common/net/peer_verification.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/err.h>

#include "common/base/text.h"
#include "common/net/certificate_impl.h"
#include "common/net/name_match.h"
#include "common/net/peer_verification_impl.h"

namespace derp::net {
namespace {

constexpr std::string_view kPinPrefix = "sha256-raw:";
constexpr int kAuthLevel = 1;  // no MD5, no SHA-1, no RSA below 1024 bits, as Go

// Frees the list, not the certificates in it.
void FreeBorrowedStack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using BorrowedStackPtr = OpenSslPtr<STACK_OF(X509), FreeBorrowedStack>;

CertVerdict Problem(CertProblem problem, std::string detail) {
  return {.problem = problem, .unverified = false, .detail = std::move(detail)};
}

std::string Quoted(std::string_view peer_text) {
  return fmt::format("\"{}\"", PrintablePeerText(peer_text));
}

CertVerdict NotYetValid(const Certificate& certificate) {
  return Problem(CertProblem::kNotYetValid,
                 fmt::format("not before {}, issuer \"{}\"", FormatRfc3339(certificate.NotBefore()),
                             certificate.IssuerText()));
}

CertVerdict Expired(const Certificate& certificate) {
  return Problem(CertProblem::kExpired,
                 fmt::format("not after {}, issuer \"{}\"", FormatRfc3339(certificate.NotAfter()),
                             certificate.IssuerText()));
}

CertVerdict CheckDates(const Certificate& certificate, WallTime now) {
  if (now < certificate.NotBefore()) return NotYetValid(certificate);
  if (now > certificate.NotAfter()) return Expired(certificate);
  return {};
}

CertVerdict CheckName(const Certificate& leaf, std::string_view name) {
  if (leaf.CoversName(name)) return {};
  constexpr std::size_t kMostNames = 5;
  std::vector<std::string> names = leaf.Names();
  const std::size_t more = names.size() - std::min(names.size(), kMostNames);
  names.resize(names.size() - more);
  for (std::string& text : names) text = PrintablePeerText(text);
  std::string list = names.empty() ? "no name" : Join(names, ", ");
  if (more > 0) list += fmt::format(" and {} more", more);
  return Problem(CertProblem::kNameMismatch,
                 fmt::format("valid for {}, not for {}", list, Quoted(name)));
}

// A pin stands for everything but the dates and the name.
CertVerdict CheckPin(const CertificateChain& presented, const PeerPolicy& policy, WallTime now) {
  CertificateChain others;
  std::ranges::copy_if(presented, std::back_inserter(others),
                       [](const Certificate& certificate) { return !certificate.IsMeta(); });
  if (others.empty()) {
    return Problem(CertProblem::kNoCertificate, "no certificate beside the meta certificate");
  }
  const Certificate& leaf = others.front();
  const std::string_view expected = std::string_view(policy.cert_name).substr(kPinPrefix.size());
  const std::string seen = leaf.Sha256Hex();
  if (seen != expected) {
    return Problem(CertProblem::kPinMismatch,
                   fmt::format("SHA-256 is {}, the map pins {}", seen, expected));
  }
  if (others.size() > 1) {
    return Problem(CertProblem::kPinChain,
                   fmt::format("pinned, but {} certificates came instead of one", others.size()));
  }
  if (CertVerdict verdict = CheckDates(leaf, now); verdict.problem) return verdict;
  const std::string_view host = WithoutFinalDot(policy.host_name);
  if (host.empty() || IsIpLiteral(host)) return {};
  return CheckName(leaf, host);
}

CertVerdict NoIssuer(const Certificate& leaf, int depth, const std::string& reason) {
  if (leaf.IsSelfSigned()) {
    return Problem(CertProblem::kSelfSigned, fmt::format("signed by itself as \"{}\", SHA-256 {}",
                                                         leaf.IssuerText(), leaf.Sha256Hex()));
  }
  const std::optional<std::string> url = depth == 0 ? leaf.IssuerUrl() : std::nullopt;
  if (url) {
    return Problem(CertProblem::kIncompleteChain,
                   fmt::format("the issuer's certificate \"{}\" is not in the chain; it is at {}",
                               leaf.IssuerText(), PrintablePeerText(*url)));
  }
  return Problem(CertProblem::kUnknownIssuer, reason);
}

CertVerdict ExplainChain(X509_STORE_CTX* context, const Certificate& leaf) {
  const int error = X509_STORE_CTX_get_error(context);
  X509* at = X509_STORE_CTX_get_current_cert(context);
  if (at != nullptr) X509_up_ref(at);
  const Certificate culprit = at == nullptr ? leaf : WrapCertificate(X509Ptr(at));
  const std::string reason =
      fmt::format("issuer \"{}\": {}", culprit.IssuerText(), X509_verify_cert_error_string(error));
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return NotYetValid(culprit);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Expired(culprit);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return NoIssuer(leaf, X509_STORE_CTX_get_error_depth(context), reason);
    default:
      return Problem(CertProblem::kUnknownIssuer, reason);
  }
}

// Notes the chain that was found as good as long as all of it is in its dates.
void Remember(X509_STORE_CTX* context, const ChainCache::Id& id, ChainCache& good) {
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context);
  WallTime from = WallTime::min();
  WallTime to = WallTime::max();
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* each = sk_X509_value(chain, i);
    from = std::max(from, FromAsn1Time(X509_get0_notBefore(each)));
    to = std::min(to, FromAsn1Time(X509_get0_notAfter(each)));
  }
  good.Add(id, from, to);
}

// Everything behind the first certificate is offered as an intermediate.
CertVerdict CheckChain(const CertificateChain& presented, const RootStore& roots, WallTime now) {
  const ChainCache::Id id = ChainCache::IdOf(presented);
  if (roots.impl().good.Holds(id, now)) return {};
  const BorrowedStackPtr intermediates(sk_X509_new_null());
  const X509StoreContextPtr context(X509_STORE_CTX_new());
  Check(intermediates != nullptr && context != nullptr, "memory for a verification");
  for (std::size_t i = 1; i < presented.size(); ++i) {
    Check(sk_X509_push(intermediates.get(), presented[i].impl().x509.get()) > 0, "memory");
  }
  Check(X509_STORE_CTX_init(context.get(), roots.impl().store.get(),
                            presented.front().impl().x509.get(), intermediates.get()) == 1,
        "a verification can start");
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, UnixSeconds(now));
  X509_VERIFY_PARAM_set_auth_level(parameters, kAuthLevel);
  // An anchor need not be a root: a pinned-down leaf or intermediate will do, as in Go.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  const bool trusted = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!trusted) return ExplainChain(context.get(), presented.front());
  Remember(context.get(), id, roots.impl().good);
  return {};
}

}  // namespace

CertVerdict VerifyPeer(const CertificateChain& presented, const PeerPolicy& policy,
                       const RootStore& roots, WallTime now) {
  if (policy.insecure_for_tests && policy.cert_name.empty()) {
    return {.problem = std::nullopt,
            .unverified = true,
            .detail = "not checked: the map says InsecureForTests"};
  }
  if (presented.empty()) return Problem(CertProblem::kNoCertificate, "no certificate came");
  if (policy.is_pinned()) return CheckPin(presented, policy, now);

  const Certificate& leaf = presented.front();
  if (CertVerdict verdict = CheckDates(leaf, now); verdict.problem) return verdict;
  if (CertVerdict verdict = CheckChain(presented, roots, now); verdict.problem) return verdict;

  const bool fronted = !policy.cert_name.empty() && policy.cert_name != policy.host_name;
  const std::string_view name = fronted ? policy.cert_name : policy.host_name;
  // A client that dials an address has no name to compare (findings.md cert.name_mismatch).
  if (name.empty() || (!fronted && IsIpLiteral(name))) return {};
  return CheckName(leaf, name);
}

}  // namespace derp::net
