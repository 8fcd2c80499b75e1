// PEM texts of certificates and private keys (RFC 7468), in and out.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/net/certificate.h"
#include "common/net/certificate_impl.h"

namespace derp::net {
namespace {

Error PemError(std::string context) {
  return Error{ErrorCode::kInvalidArgument, std::move(context), 0};
}

// Keeps OpenSSL from asking the terminal for a passphrase.
int RefusePassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

struct PemBlock {
  std::string type;
  Bytes body;
};

// The next block of the text; empty at its end, an error for a broken block.
Expected<std::optional<PemBlock>, Error> NextBlock(BIO* bio) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  const int read = PEM_read_bio(bio, &name, &header, &data, &size);
  std::optional<PemBlock> block;
  if (read == 1) block = PemBlock{.type = name, .body = Bytes(data, data + size)};
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  if (read == 1) return block;

  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = TakeOpenSslError();
  if (at_end) return std::optional<PemBlock>();
  return Fail(PemError("broken PEM block: " + reason));
}

bool IsCertificateType(std::string_view type) {
  return type == "CERTIFICATE" || type == "X509 CERTIFICATE";
}

}  // namespace

Expected<CertificateChain, Error> ParsePemChain(std::string_view pem) {
  const BioPtr bio = MemoryBio(AsBytes(pem));
  CertificateChain chain;
  std::string other;
  for (;;) {
    const auto block = NextBlock(bio.get());
    if (!block) return Fail(Within(fmt::format("certificate {}", chain.size() + 1), block.error()));
    if (!*block) break;
    if (!IsCertificateType((*block)->type)) {
      other = (*block)->type;
      continue;
    }
    auto certificate = Certificate::FromDer((*block)->body);
    if (!certificate) {
      return Fail(Within(fmt::format("certificate {}", chain.size() + 1), certificate.error()));
    }
    chain.push_back(*std::move(certificate));
  }
  if (!chain.empty()) return chain;
  if (other.empty()) return Fail(PemError("no PEM block found; a certificate was expected"));
  return Fail(PemError(fmt::format("no certificate found, only \"{}\"", other)));
}

std::string ToPem(const Certificate& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Check(PEM_write_bio_X509(bio.get(), certificate.impl().x509.get()) == 1,
        "a certificate can be written as PEM");
  return BioText(bio.get());
}

PrivateKey WrapPrivateKey(EvpPkeyPtr key) {
  return PrivateKey(std::make_shared<const PrivateKey::Impl>(PrivateKey::Impl{std::move(key)}));
}

Expected<PrivateKey, Error> PrivateKey::FromPem(std::string_view pem) {
  const BioPtr bio = MemoryBio(AsBytes(pem));
  bool passphrase_asked = false;
  EvpPkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, RefusePassphrase, &passphrase_asked));
  const std::string reason = TakeOpenSslError();
  if (key) return WrapPrivateKey(std::move(key));
  if (passphrase_asked) return Fail(PemError("the private key is encrypted with a passphrase"));
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos) {
    return Fail(PemError("broken private key: " + reason));
  }
  if (pem.find("-----BEGIN CERTIFICATE") != std::string_view::npos) {
    return Fail(PemError("no private key found, only certificates"));
  }
  return Fail(PemError("no PEM block found; a private key was expected"));
}

PrivateKey PrivateKey::GenerateP256() {
  EvpPkeyPtr key(EVP_EC_gen("P-256"));
  Check(key != nullptr, "a P-256 key can be generated");
  return WrapPrivateKey(std::move(key));
}

std::string PrivateKey::ToPem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  EVP_PKEY* key = impl_->key.get();
  const bool traditional = EVP_PKEY_is_a(key, "EC") != 0;
  const int written = traditional ? PEM_write_bio_PrivateKey_traditional(
                                        bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
                                  : PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr,
                                                                  0, nullptr, nullptr);
  Check(written == 1, "a private key can be written as PEM");
  return BioText(bio.get());
}

bool PrivateKey::Matches(const Certificate& certificate) const {
  const EVP_PKEY* certified = X509_get0_pubkey(certificate.impl().x509.get());
  const bool equal = certified != nullptr && EVP_PKEY_eq(certified, impl_->key.get()) == 1;
  ERR_clear_error();
  return equal;
}

}  // namespace derp::net
