#include "common/net/certificate.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/base/hex.h"
#include "common/base/text.h"
#include "common/net/certificate_impl.h"
#include "common/net/name_match.h"

namespace derp::net {
namespace {

std::string FromAsn1String(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

// The first entry of a kind, empty if there is none.
std::string NameEntry(const X509_NAME* name, int nid) {
  const int index = X509_NAME_get_index_by_NID(name, nid, -1);
  if (index < 0) return {};
  return FromAsn1String(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
}

// The bytes as they are: an embedded NUL stays and makes the name match nothing.
std::string_view RawText(const ASN1_STRING* string) {
  return AsText(ByteView(ASN1_STRING_get0_data(string),
                         static_cast<std::size_t>(ASN1_STRING_length(string))));
}

std::optional<IpAddress> AddressOf(const ASN1_OCTET_STRING* octets) {
  const std::string_view raw = RawText(octets);
  if (raw.size() == 4) {
    std::array<std::uint8_t, 4> bytes{};
    std::ranges::copy(raw, bytes.begin());
    return IpAddress::V4(bytes);
  }
  if (raw.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(raw, bytes.begin());
    return IpAddress::V6(bytes);
  }
  return std::nullopt;
}

GeneralNamesPtr AlternativeNames(const X509* x509) {
  GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return names;
}

// The URL of a general name that is one.
std::optional<std::string> UrlOf(const GENERAL_NAME* name) {
  if (name == nullptr || name->type != GEN_URI) return std::nullopt;
  return std::string(RawText(name->d.uniformResourceIdentifier));
}

}  // namespace

Certificate WrapCertificate(X509Ptr x509) {
  return Certificate(std::make_shared<const Certificate::Impl>(Certificate::Impl{std::move(x509)}));
}

WallTime FromAsn1Time(const ASN1_TIME* time) {
  constexpr std::int64_t kMostSeconds = 9'200'000'000;  // below 2^63 nanoseconds
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) {
    ERR_clear_error();
    return WallTime{};
  }
  const std::int64_t seconds = timegm(&fields);
  return FromUnixSeconds(std::clamp(seconds, -kMostSeconds, kMostSeconds));
}

Expected<Certificate, Error> Certificate::FromDer(ByteView der) {
  const unsigned char* position = der.data();
  X509Ptr x509(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  if (!x509) {
    return Fail(Error{ErrorCode::kInvalidArgument,
                      "this is no X.509 certificate: " + TakeOpenSslError(), 0});
  }
  if (position != der.data() + der.size()) {
    return Fail(Error{ErrorCode::kInvalidArgument, "bytes follow the X.509 certificate", 0});
  }
  return WrapCertificate(std::move(x509));
}

Bytes Certificate::Der() const {
  const int size = i2d_X509(impl_->x509.get(), nullptr);
  Check(size > 0, "a certificate can be encoded");
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* position = der.data();
  i2d_X509(impl_->x509.get(), &position);
  return der;
}

std::string Certificate::Sha256Hex() const {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  Check(X509_digest(impl_->x509.get(), EVP_sha256(), digest.data(), &size) == 1,
        "SHA-256 is available");
  return EncodeHex(ByteView(digest).first(size));
}

std::string Certificate::SubjectCommonName() const {
  return NameEntry(X509_get_subject_name(impl_->x509.get()), NID_commonName);
}

std::string Certificate::IssuerOrganization() const {
  return NameEntry(X509_get_issuer_name(impl_->x509.get()), NID_organizationName);
}

std::string Certificate::IssuerText() const {
  const std::string organization = IssuerOrganization();
  const std::string name = NameEntry(X509_get_issuer_name(impl_->x509.get()), NID_commonName);
  if (organization.empty() || name.starts_with(organization)) return PrintablePeerText(name);
  if (name.empty()) return PrintablePeerText(organization);
  return PrintablePeerText(organization + " " + name);
}

std::vector<std::string> Certificate::Names() const {
  std::vector<std::string> result;
  const GeneralNamesPtr names = AlternativeNames(impl_->x509.get());
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) result.emplace_back(RawText(name->d.dNSName));
    if (name->type != GEN_IPADD) continue;
    if (const auto address = AddressOf(name->d.iPAddress)) result.push_back(address->ToString());
  }
  return result;
}

WallTime Certificate::NotBefore() const {
  return FromAsn1Time(X509_get0_notBefore(impl_->x509.get()));
}

WallTime Certificate::NotAfter() const {
  return FromAsn1Time(X509_get0_notAfter(impl_->x509.get()));
}

bool Certificate::IsSelfSigned() const {
  X509* x509 = impl_->x509.get();
  if (X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) != 0) return false;
  EVP_PKEY* key = X509_get0_pubkey(x509);
  const bool verified = key != nullptr && X509_verify(x509, key) == 1;
  ERR_clear_error();
  return verified;
}

bool Certificate::IsMeta() const { return SubjectCommonName().starts_with("derpkey"); }

bool Certificate::CoversName(std::string_view name) const {
  const std::optional<IpAddress> address = IpAddress::Parse(name);
  const GeneralNamesPtr names = AlternativeNames(impl_->x509.get());
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* candidate = sk_GENERAL_NAME_value(names.get(), i);
    if (address && candidate->type == GEN_IPADD) {
      const auto covered = AddressOf(candidate->d.iPAddress);
      if (covered && covered->as_16() == address->as_16()) return true;
    }
    if (!address && candidate->type == GEN_DNS &&
        DnsNameCovers(RawText(candidate->d.dNSName), name)) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> Certificate::CrlUrl() const {
  using Points = OpenSslPtr<CRL_DIST_POINTS, CRL_DIST_POINTS_free>;
  const Points points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(impl_->x509.get(), NID_crl_distribution_points, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* point = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (point == nullptr || point->type != 0) continue;  // 0: a full name
    for (int j = 0; j < sk_GENERAL_NAME_num(point->name.fullname); ++j) {
      if (auto url = UrlOf(sk_GENERAL_NAME_value(point->name.fullname, j))) return url;
    }
  }
  return std::nullopt;
}

std::optional<std::string> Certificate::IssuerUrl() const {
  using Access = OpenSslPtr<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
  const Access access(static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(impl_->x509.get(), NID_info_access, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* entry = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(entry->method) != NID_ad_ca_issuers) continue;
    if (auto url = UrlOf(entry->location)) return url;
  }
  return std::nullopt;
}

}  // namespace derp::net
