// The certificates this project makes itself, apart from the meta certificate.
#include <ctime>

#include "common/net/certificate.h"
#include "common/net/certificate_builder.h"

namespace derp::net {
namespace {

constexpr const char* kServerKeyUsage = "critical,digitalSignature,keyEncipherment";
constexpr const char* kCaKeyUsage = "critical,keyCertSign,cRLSign";

// Go's AddDate(1, 0, 0): the same date of the next year, 29 February becoming 1 March.
WallTime AfterCalendarYear(WallTime time) {
  const std::time_t seconds = UnixSeconds(time);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  ++fields.tm_year;
  return FromUnixSeconds(timegm(&fields));
}

// ECDSA and RSA sign a digest, Ed25519 the text itself.
const EVP_MD* DigestFor(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") != 0 ? nullptr : EVP_sha256();
}

}  // namespace

Certificate MakeSelfSigned(const IpAddress& address, const PrivateKey& key, WallTime now) {
  EVP_PKEY* pkey = key.impl().key.get();
  const std::string text = address.ToString();
  return CertificateBuilder()
      .RandomSerial()
      .Validity(now, AfterCalendarYear(now))
      .Subject(text, V_ASN1_UTF8STRING)
      .IssuerIsSubject()
      .PublicKey(pkey)
      .Extension(NID_key_usage, kServerKeyUsage)
      .Extension(NID_ext_key_usage, "serverAuth")
      .BasicConstraints(false)
      .AlternativeNames({text})
      .Sign(pkey, DigestFor(pkey));
}

Certificate IssueCertificate(const CertificateRequest& request, const PrivateKey& key,
                             const Certificate* issuer, const PrivateKey& issuer_key) {
  EVP_PKEY* signer = issuer_key.impl().key.get();
  CertificateBuilder builder;
  builder.RandomSerial()
      .Validity(request.not_before, request.not_after)
      .Subject(request.common_name, V_ASN1_UTF8STRING)
      .PublicKey(key.impl().key.get())
      .Extension(NID_key_usage, request.is_ca ? kCaKeyUsage : kServerKeyUsage)
      .BasicConstraints(request.is_ca)
      .AlternativeNames(request.names);
  if (issuer == nullptr) {
    builder.IssuerIsSubject();
  } else {
    builder.IssuerIs(issuer->impl().x509.get());
  }
  if (!request.is_ca) builder.Extension(NID_ext_key_usage, "serverAuth");
  if (!request.issuer_url.empty()) {
    builder.Extension(NID_info_access, "caIssuers;URI:" + request.issuer_url);
  }
  if (!request.crl_url.empty()) {
    builder.Extension(NID_crl_distribution_points, "URI:" + request.crl_url);
  }
  return builder.Sign(signer, DigestFor(signer));
}

}  // namespace derp::net
