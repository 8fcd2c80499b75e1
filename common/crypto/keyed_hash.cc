#include "common/crypto/keyed_hash.h"

#include <cstring>

#include <sodium/crypto_shorthash.h>

namespace derp {

KeyedHash::KeyedHash(RandomSource& random) {
  static_assert(sizeof(seed_) == crypto_shorthash_KEYBYTES);
  random.Fill(seed_);
}

std::uint64_t KeyedHash::operator()(ByteView bytes) const {
  std::array<std::uint8_t, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), bytes.data(), bytes.size(), seed_.data());
  std::uint64_t value = 0;
  static_assert(sizeof(value) == sizeof(out));
  std::memcpy(&value, out.data(), sizeof(value));
  return value;
}

}  // namespace derp
