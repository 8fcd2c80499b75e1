#include "common/net/certificate_builder.h"

#include <optional>

#include <openssl/bn.h>

#include "common/base/socket_address.h"

namespace derp::net {
namespace {

using BnPtr = OpenSslPtr<BIGNUM, BN_free>;
using TimePtr = OpenSslPtr<ASN1_TIME, ASN1_TIME_free>;
using BasicConstraintsPtr = OpenSslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using GeneralNamePtr = OpenSslPtr<GENERAL_NAME, GENERAL_NAME_free>;
using ExtensionPtr = OpenSslPtr<X509_EXTENSION, X509_EXTENSION_free>;

void Must(bool worked) { Check(worked, "a certificate can be made"); }

// Takes the string over.
void SetValue(GENERAL_NAME* name, int type, ASN1_STRING* string, ByteView value) {
  Must(string != nullptr &&
       ASN1_STRING_set(string, value.data(), static_cast<int>(value.size())) == 1);
  GENERAL_NAME_set0_value(name, type, string);
}

GeneralNamePtr MakeGeneralName(const std::string& text) {
  GeneralNamePtr name(GENERAL_NAME_new());
  Must(name != nullptr);
  if (const std::optional<IpAddress> address = IpAddress::Parse(text)) {
    SetValue(name.get(), GEN_IPADD, ASN1_OCTET_STRING_new(), address->bytes());
  } else {
    SetValue(name.get(), GEN_DNS, ASN1_IA5STRING_new(), AsBytes(text));
  }
  return name;
}

}  // namespace

CertificateBuilder::CertificateBuilder() : x509_(X509_new()) {
  Must(x509_ != nullptr && X509_set_version(x509_.get(), X509_VERSION_3) == 1);
}

CertificateBuilder& CertificateBuilder::Serial(std::uint64_t serial) {
  Must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509_.get()), serial) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::RandomSerial() {
  const BnPtr number(BN_new());
  Must(number != nullptr && BN_rand(number.get(), 128, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
  Must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509_.get())) != nullptr);
  return *this;
}

CertificateBuilder& CertificateBuilder::Validity(WallTime not_before, WallTime not_after) {
  const TimePtr from(ASN1_TIME_set(nullptr, UnixSeconds(not_before)));
  const TimePtr until(ASN1_TIME_set(nullptr, UnixSeconds(not_after)));
  Must(from != nullptr && until != nullptr);
  Must(X509_set1_notBefore(x509_.get(), from.get()) == 1);
  Must(X509_set1_notAfter(x509_.get(), until.get()) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::Subject(std::string_view common_name, int string_type) {
  const ByteView value = AsBytes(common_name);
  if (value.empty()) return *this;  // an empty name is a sequence without entries
  Must(X509_NAME_add_entry_by_NID(X509_get_subject_name(x509_.get()), NID_commonName, string_type,
                                  value.data(), static_cast<int>(value.size()), -1, 0) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::IssuerIsSubject() { return IssuerIs(x509_.get()); }

CertificateBuilder& CertificateBuilder::IssuerIs(const X509* issuer) {
  Must(X509_set_issuer_name(x509_.get(), X509_get_subject_name(issuer)) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::PublicKey(EVP_PKEY* key) {
  Must(X509_set_pubkey(x509_.get(), key) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::AlternativeNames(const std::vector<std::string>& names) {
  if (names.empty()) return *this;
  const GeneralNamesPtr list(GENERAL_NAMES_new());
  Must(list != nullptr);
  for (const std::string& text : names) {
    GeneralNamePtr name = MakeGeneralName(text);
    Must(sk_GENERAL_NAME_push(list.get(), name.get()) > 0);
    static_cast<void>(name.release());  // the list owns it now
  }
  Must(X509_add1_ext_i2d(x509_.get(), NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) ==
       1);
  return *this;
}

CertificateBuilder& CertificateBuilder::BasicConstraints(bool is_ca) {
  const BasicConstraintsPtr constraints(BASIC_CONSTRAINTS_new());
  Must(constraints != nullptr);
  constraints->ca = is_ca ? 0xff : 0;
  Must(X509_add1_ext_i2d(x509_.get(), NID_basic_constraints, constraints.get(), 1,
                         X509V3_ADD_DEFAULT) == 1);
  return *this;
}

CertificateBuilder& CertificateBuilder::Extension(int nid, const std::string& value) {
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  Must(extension != nullptr && X509_add_ext(x509_.get(), extension.get(), -1) == 1);
  return *this;
}

Certificate CertificateBuilder::Sign(EVP_PKEY* key, const EVP_MD* digest) {
  Must(X509_sign(x509_.get(), key, digest) > 0);
  return WrapCertificate(std::move(x509_));
}

}  // namespace derp::net
