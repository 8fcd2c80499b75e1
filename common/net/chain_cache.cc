#include "common/net/chain_cache.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/net/certificate_impl.h"

namespace derp::net {

namespace {

// X509_check_ca() reads every extension first; the one that decides will do where it is there.
bool MayIssue(X509* x509) {
  using Constraints = OpenSslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
  const Constraints constraints(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(x509, NID_basic_constraints, nullptr, nullptr)));
  ERR_clear_error();
  if (constraints && constraints->ca == 0) return false;
  return X509_check_ca(x509) != 0;
}

}  // namespace

ChainCache::Id ChainCache::IdOf(const CertificateChain& presented) {
  Bytes digests;
  for (const Certificate& certificate : presented) {
    X509* x509 = certificate.impl().x509.get();
    // Relays with the same certificate differ in their meta certificate, which issues nothing.
    if (certificate.IsMeta() && !MayIssue(x509)) continue;
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    Check(X509_digest(x509, EVP_sha256(), digest.data(), &size) == 1, "SHA-256 is available");
    AppendBytes(digests, ByteView(digest).first(size));
  }
  Id id{};
  Check(EVP_Digest(digests.data(), digests.size(), id.data(), nullptr, EVP_sha256(), nullptr) == 1,
        "SHA-256 is available");
  return id;
}

bool ChainCache::Holds(const Id& id, WallTime now) const {
  const MutexLock lock(mutex_);
  const auto found = good_.find(id);
  return found != good_.end() && found->second.from <= now && now <= found->second.to;
}

void ChainCache::Add(const Id& id, WallTime from, WallTime to) {
  const MutexLock lock(mutex_);
  if (good_.size() >= kMost) good_.clear();
  good_[id] = {from, to};
}

}  // namespace derp::net
