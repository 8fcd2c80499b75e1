#include "common/net/revocation_list.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/net/certificate_impl.h"

namespace derp::net {
namespace {

using CrlPtr = OpenSslPtr<X509_CRL, X509_CRL_free>;
using ScopePtr = OpenSslPtr<ISSUING_DIST_POINT, ISSUING_DIST_POINT_free>;
using ReasonPtr = OpenSslPtr<ASN1_ENUMERATED, ASN1_ENUMERATED_free>;

auto Refused(std::string text) {
  ERR_clear_error();
  return Fail(Error{ErrorCode::kProtocol, std::move(text), 0});
}

std::string_view ReasonText(int reason) {
  constexpr std::array<std::string_view, 11> kTexts = {
      "unspecified",         "key compromise", "CA compromise",
      "affiliation changed", "superseded",     "cessation of operation",
      "certificate hold",    "unspecified",    "removed from the list",
      "privilege withdrawn", "AA compromise"};
  const auto index = static_cast<std::size_t>(reason);
  return reason >= 0 && index < kTexts.size() ? kTexts[index] : kTexts[0];
}

bool Names(const DIST_POINT_NAME* point, std::string_view url) {
  if (point == nullptr || point->type != 0) return false;  // 0: full names
  for (int i = 0; i < sk_GENERAL_NAME_num(point->name.fullname); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(point->name.fullname, i);
    if (name->type != GEN_URI) continue;
    const ASN1_STRING* text = name->d.uniformResourceIdentifier;
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
    if (AsText(ByteView(ASN1_STRING_get0_data(text), size)) == url) return true;
  }
  return false;
}

// Why the list does not speak for all server certificates that name `url`; empty when it does.
std::string_view ScopeProblem(const X509_CRL* crl, std::string_view url) {
  if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0) return "a delta list";
  int critical = -1;
  const ScopePtr scope(static_cast<ISSUING_DIST_POINT*>(
      X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, nullptr)));
  if (!scope) return critical == -1 ? "" : "a list whose scope cannot be read";
  if (scope->indirectCRL > 0) return "a list of another issuer's certificates";
  if (scope->onlyCA > 0 || scope->onlyattr > 0) return "a list without server certificates";
  if (scope->onlysomereasons != nullptr) return "a list of some reasons only";
  if (scope->distpoint != nullptr && !Names(scope->distpoint, url))
    return "a list of another place";
  return {};
}

}  // namespace

struct RevocationList::Reader {
  // False for a number longer than RFC 5280 allows.
  static bool SetSerial(const ASN1_INTEGER* number, Listed& listed) {
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(number));
    if (size > listed.serial.size()) return false;
    std::copy_n(ASN1_STRING_get0_data(number), size,
                listed.serial.end() - static_cast<std::ptrdiff_t>(size));
    return true;
  }

  static bool Before(const Listed& a, const Listed& b) { return a.serial < b.serial; }

  static void ReadEntries(X509_CRL* crl, std::vector<Listed>& entries) {
    STACK_OF(X509_REVOKED)* all = X509_CRL_get_REVOKED(crl);
    const int count = sk_X509_REVOKED_num(all);  // -1 for none
    entries.reserve(static_cast<std::size_t>(std::max(count, 0)));
    for (int i = 0; i < count; ++i) {
      const X509_REVOKED* revoked = sk_X509_REVOKED_value(all, i);
      Listed listed;
      if (!SetSerial(X509_REVOKED_get0_serialNumber(revoked), listed)) continue;
      listed.at = FromAsn1Time(X509_REVOKED_get0_revocationDate(revoked));
      const ReasonPtr reason(static_cast<ASN1_ENUMERATED*>(
          X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, nullptr, nullptr)));
      const long value = reason ? ASN1_ENUMERATED_get(reason.get()) : 0;
      listed.reason = static_cast<std::int8_t>(std::clamp(value, 0L, 127L));
      entries.push_back(listed);
    }
    std::sort(entries.begin(), entries.end(), Before);
  }
};

Expected<RevocationList, Error> RevocationList::FromDer(ByteView der, std::string_view url,
                                                        const Certificate& issuer) {
  const unsigned char* position = der.data();
  const CrlPtr crl(d2i_X509_CRL(nullptr, &position, static_cast<long>(der.size())));
  if (!crl || position != der.data() + der.size()) return Refused("no revocation list in DER");
  if (const auto problem = ScopeProblem(crl.get(), url); !problem.empty()) {
    return Refused(fmt::format("it is {}", problem));
  }
  X509* signer = issuer.impl().x509.get();
  EVP_PKEY* key = X509_get0_pubkey(signer);
  const bool same_name =
      X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(signer)) == 0;
  if (!same_name || key == nullptr || X509_CRL_verify(crl.get(), key) != 1) {
    return Refused("it is not signed by the certificate's issuer");
  }
  RevocationList list;
  list.this_update_ = FromAsn1Time(X509_CRL_get0_lastUpdate(crl.get()));
  if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get())) {
    list.next_update_ = FromAsn1Time(next);
  }
  Reader::ReadEntries(crl.get(), list.entries_);
  ERR_clear_error();
  return list;
}

std::optional<RevocationList::Entry> RevocationList::Find(const Certificate& certificate) const {
  Listed wanted;
  const X509* x509 = certificate.impl().x509.get();
  if (!Reader::SetSerial(X509_get0_serialNumber(x509), wanted)) return std::nullopt;
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), wanted, Reader::Before);
  if (found == entries_.end() || found->serial != wanted.serial) return std::nullopt;
  constexpr int kRemoved = 8;  // removeFromCRL: it was on hold and is valid again
  if (found->reason == kRemoved) return std::nullopt;
  return Entry{found->at, ReasonText(found->reason)};
}

}  // namespace derp::net
