#include "common/crypto/box.h"

#include <algorithm>

#include <sodium.h>

#include "common/base/result.h"

namespace derp {
namespace {

static_assert(kBoxNonceSize == crypto_box_NONCEBYTES);
static_assert(kBoxMacSize == crypto_box_MACBYTES);
static_assert(kKeySize == crypto_box_PUBLICKEYBYTES && kKeySize == crypto_box_SECRETKEYBYTES);

void NeedSodium() { Check(sodium_init() >= 0, "libsodium cannot start"); }

}  // namespace

std::optional<BoxKey> BoxKey::Make(const NodePrivate& ours, const NodePublic& theirs) {
  NeedSodium();
  if (theirs.is_zero()) return std::nullopt;
  BoxKey key;
  if (crypto_box_beforenm(key.shared_.data(), theirs.raw().data(), ours.bytes().data()) != 0) {
    return std::nullopt;
  }
  return key;
}

BoxKey::~BoxKey() { sodium_memzero(shared_.data(), shared_.size()); }

Bytes BoxKey::Seal(ByteView plaintext, const std::array<std::uint8_t, kBoxNonceSize>& nonce) const {
  Bytes sealed(kBoxOverhead + plaintext.size());
  std::copy(nonce.begin(), nonce.end(), sealed.begin());
  Check(crypto_box_easy_afternm(sealed.data() + kBoxNonceSize, plaintext.data(), plaintext.size(),
                                nonce.data(), shared_.data()) == 0,
        "a box of this size can be sealed");
  return sealed;
}

std::optional<Bytes> BoxKey::Open(ByteView sealed) const {
  if (sealed.size() < kBoxOverhead) return std::nullopt;
  const ByteView box = sealed.subspan(kBoxNonceSize);
  Bytes plaintext(box.size() - kBoxMacSize);
  if (crypto_box_open_easy_afternm(plaintext.data(), box.data(), box.size(), sealed.data(),
                                   shared_.data()) != 0) {
    return std::nullopt;
  }
  return plaintext;
}

std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             const std::array<std::uint8_t, kBoxNonceSize>& nonce) {
  const auto key = BoxKey::Make(from, to);
  if (!key) return std::nullopt;
  return key->Seal(plaintext, nonce);
}

std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             RandomSource& random) {
  std::array<std::uint8_t, kBoxNonceSize> nonce{};
  random.Fill(nonce);
  return SealBox(plaintext, from, to, nonce);
}

std::optional<Bytes> OpenBox(ByteView sealed, const NodePublic& from, const NodePrivate& to) {
  if (sealed.size() < kBoxOverhead) return std::nullopt;
  const auto key = BoxKey::Make(to, from);
  if (!key) return std::nullopt;
  return key->Open(sealed);
}

}  // namespace derp
