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

// Empty when `to` is the zero key or of low order.
std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             const std::array<std::uint8_t, kBoxNonceSize>& nonce);
std::optional<Bytes> SealBox(ByteView plaintext, const NodePrivate& from, const NodePublic& to,
                             RandomSource& random);

// Empty when the box was not sealed by `from` to `to`, is cut, or `from` is zero or of low order.
std::optional<Bytes> OpenBox(ByteView sealed, const NodePublic& from, const NodePrivate& to);

}  // namespace derp
