// Assembles and signs X.509 version 3 certificates field by field. For the .cc files of this folder
// only. A step that fails is a mistake of ours and aborts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/net/certificate_impl.h"

namespace derp::net {

class CertificateBuilder {
 public:
  CertificateBuilder();

  CertificateBuilder& Serial(std::uint64_t serial);
  CertificateBuilder& RandomSerial();  // 128 bits
  // Whole seconds; rounded down.
  CertificateBuilder& Validity(WallTime not_before, WallTime not_after);
  // A name of one CN, as PrintableString or UTF8String. OpenSSL's table of string types would
  // refuse more than 64 characters; naming the type passes it by.
  CertificateBuilder& Subject(std::string_view common_name, int string_type);
  CertificateBuilder& IssuerIsSubject();
  CertificateBuilder& IssuerIs(const X509* issuer);
  CertificateBuilder& PublicKey(EVP_PKEY* key);
  CertificateBuilder& AlternativeNames(const std::vector<std::string>& names);  // DNS and IP
  CertificateBuilder& BasicConstraints(bool is_ca);                             // critical
  // In OpenSSL's configuration syntax, with our values only.
  CertificateBuilder& Extension(int nid, const std::string& value);
  // `digest` is null for Ed25519.
  Certificate Sign(EVP_PKEY* key, const EVP_MD* digest);

 private:
  X509Ptr x509_;
};

}  // namespace derp::net
