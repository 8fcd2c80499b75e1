#include "common/net/certificate_facts.h"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/net/certificate_impl.h"
#include "common/net/peer_verification_impl.h"

namespace derp::net {
namespace {

void FreeMails(STACK_OF(OPENSSL_STRING) * mails) { X509_email_free(mails); }
using MailsPtr = OpenSslPtr<STACK_OF(OPENSSL_STRING), FreeMails>;

bool Issued(const Certificate& issuer, const Certificate& certificate) {
  X509* parent = issuer.impl().x509.get();
  X509* child = certificate.impl().x509.get();
  if (X509_check_issued(parent, child) != X509_V_OK) return false;
  EVP_PKEY* key = X509_get0_pubkey(parent);
  const bool signed_by = key != nullptr && X509_verify(child, key) == 1;
  ERR_clear_error();
  return signed_by;
}

void AddNameMails(const X509_NAME* name, std::vector<std::string>& mails) {
  for (int at = -1;;) {
    at = X509_NAME_get_index_by_NID(name, NID_pkcs9_emailAddress, at);
    if (at < 0) return;
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    mails.emplace_back(AsText(ByteView(ASN1_STRING_get0_data(value),
                                       static_cast<std::size_t>(ASN1_STRING_length(value)))));
  }
}

}  // namespace

std::string FullIssuerText(const Certificate& certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  Check(out != nullptr, "memory for a name");
  constexpr unsigned long kFlags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  X509_NAME_print_ex(out.get(), X509_get_issuer_name(certificate.impl().x509.get()), 0, kFlags);
  ERR_clear_error();
  return BioText(out.get());
}

std::vector<std::string> MailAddresses(const Certificate& certificate) {
  X509* x509 = certificate.impl().x509.get();
  std::vector<std::string> mails;
  const MailsPtr found(X509_get1_email(x509));  // SAN and subject
  for (int i = 0; i < sk_OPENSSL_STRING_num(found.get()); ++i) {
    mails.emplace_back(sk_OPENSSL_STRING_value(found.get(), i));
  }
  AddNameMails(X509_get_issuer_name(x509), mails);
  ERR_clear_error();
  return mails;
}

std::optional<Certificate> IssuerOf(const Certificate& certificate,
                                    const CertificateChain& candidates, const RootStore& roots) {
  for (const Certificate& candidate : candidates) {
    if (Issued(candidate, certificate)) return candidate;
  }
  const X509StoreContextPtr context(X509_STORE_CTX_new());
  Check(context != nullptr, "memory for a search");
  X509* x509 = certificate.impl().x509.get();
  if (X509_STORE_CTX_init(context.get(), roots.impl().store.get(), x509, nullptr) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  X509* found = nullptr;
  const int result = X509_STORE_CTX_get1_issuer(&found, context.get(), x509);
  ERR_clear_error();
  if (result != 1 || found == nullptr) return std::nullopt;
  const Certificate issuer = WrapCertificate(X509Ptr(found));
  return Issued(issuer, certificate) ? std::optional(issuer) : std::nullopt;
}

std::optional<Certificate> EndOfChain(const CertificateChain& presented) {
  CertificateChain rest;
  std::ranges::copy_if(presented, std::back_inserter(rest),
                       [](const Certificate& certificate) { return !certificate.IsMeta(); });
  if (rest.empty()) return std::nullopt;
  Certificate end = rest.front();
  rest.erase(rest.begin());
  for (;;) {  // Every step takes one away.
    const auto next = std::ranges::find_if(
        rest, [&end](const Certificate& candidate) { return Issued(candidate, end); });
    if (next == rest.end()) return end;
    end = *next;
    rest.erase(next);
  }
}

}  // namespace derp::net
