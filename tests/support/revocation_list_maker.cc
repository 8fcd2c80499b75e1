#include "tests/support/revocation_list_maker.h"

#include <memory>

#include <openssl/x509v3.h>

#include "common/net/certificate_impl.h"

namespace derp::test {

std::string MakeRevocationList(const ListRequest& request, const net::Certificate& issuer,
                               const net::PrivateKey& key) {
  const net::OpenSslPtr<X509_CRL, X509_CRL_free> crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.impl().x509.get()));
  const net::OpenSslPtr<ASN1_TIME, ASN1_TIME_free> since(
      ASN1_TIME_set(nullptr, UnixSeconds(request.this_update)));
  const net::OpenSslPtr<ASN1_TIME, ASN1_TIME_free> until(
      ASN1_TIME_set(nullptr, UnixSeconds(request.next_update)));
  X509_CRL_set1_lastUpdate(crl.get(), since.get());
  X509_CRL_set1_nextUpdate(crl.get(), until.get());
  for (const net::Certificate& each : request.revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(each.impl().x509.get()));
    X509_REVOKED_set_revocationDate(entry, since.get());
    const net::OpenSslPtr<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason(ASN1_ENUMERATED_new());
    ASN1_ENUMERATED_set(reason.get(), 1);
    X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, 0);
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  if (!request.scope.empty()) {
    const net::OpenSslPtr<X509_EXTENSION, X509_EXTENSION_free> scope(X509V3_EXT_conf_nid(
        nullptr, nullptr, NID_issuing_distribution_point, request.scope.c_str()));
    X509_CRL_add_ext(crl.get(), scope.get(), -1);
  }
  if (request.delta) {
    const net::OpenSslPtr<ASN1_INTEGER, ASN1_INTEGER_free> base(ASN1_INTEGER_new());
    ASN1_INTEGER_set(base.get(), 1);
    X509_CRL_add1_ext_i2d(crl.get(), NID_delta_crl, base.get(), 1, 0);
  }
  X509_CRL_sort(crl.get());
  X509_CRL_sign(crl.get(), key.impl().key.get(), EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace derp::test
