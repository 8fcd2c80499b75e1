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

std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             const std::array<std::uint8_t, kBoxNonceSize>& nonce) {
  NeedSodium();
  if (to.is_zero()) return std::nullopt;
  Bytes sealed(kBoxOverhead + plaintext.size());
  std::copy(nonce.begin(), nonce.end(), sealed.begin());
  if (crypto_box_easy(sealed.data() + kBoxNonceSize, plaintext.data(), plaintext.size(),
                      nonce.data(), to.raw().data(), from.bytes().data()) != 0) {
    return std::nullopt;
  }
  return sealed;
}

std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             RandomSource& random) {
  std::array<std::uint8_t, kBoxNonceSize> nonce{};
  random.Fill(nonce);
  return SealBox(plaintext, from, to, nonce);
}

std::optional<Bytes> OpenBox(ByteView sealed, const NodePublic& from, const NodePrivate& to) {
  NeedSodium();
  if (from.is_zero() || sealed.size() < kBoxOverhead) return std::nullopt;
  const ByteView box = sealed.subspan(kBoxNonceSize);
  Bytes plaintext(box.size() - kBoxMacSize);
  if (crypto_box_open_easy(plaintext.data(), box.data(), box.size(), sealed.data(),
                           from.raw().data(), to.bytes().data()) != 0) {
    return std::nullopt;
  }
  return plaintext;
}

}  // namespace derp
