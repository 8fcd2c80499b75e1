// NaCl crypto_box (X25519, XSalsa20, Poly1305), sealed as nonce || MAC || ciphertext
// (derp-protocol.md 2). Used for the two login messages only.
#pragma once

#include <array>
#include <optional>

#include "common/crypto/keys.h"

namespace derp {

inline constexpr std::size_t kBoxNonceSize = 24;
inline constexpr std::size_t kBoxMacSize = 16;
inline constexpr std::size_t kBoxOverhead = kBoxNonceSize + kBoxMacSize;

// What two keys share: reckoned once (an X25519 multiplication, nearly all of a box's cost), it
// seals to the other side and opens what comes from there. Wiped on destruction.
class BoxKey {
 public:
  // Empty when `theirs` is the zero key or of low order.
  static std::optional<BoxKey> Make(const NodePrivate& ours, const NodePublic& theirs);
  BoxKey(const BoxKey&) = default;
  BoxKey& operator=(const BoxKey&) = default;
  ~BoxKey();

  Bytes Seal(ByteView plaintext, const std::array<std::uint8_t, kBoxNonceSize>& nonce) const;
  // Empty when the box was not sealed with this key, or is cut.
  std::optional<Bytes> Open(ByteView sealed) const;

 private:
  BoxKey() = default;

  std::array<std::uint8_t, kKeySize> shared_{};
};

// Empty when `to` is the zero key or of low order.
std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             const std::array<std::uint8_t, kBoxNonceSize>& nonce);
std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             RandomSource& random);

// Empty when the box was not sealed by `from` to `to`, is cut, or `from` is zero or of low order.
std::optional<Bytes> OpenBox(ByteView sealed, const NodePublic& from, const NodePrivate& to);

}  // namespace derp
