// SipHash-2-4 under a secret seed: for hash tables whose keys a peer may choose.
#pragma once

#include <array>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/crypto/random.h"

namespace derp {

// Immutable; any thread.
class KeyedHash {
 public:
  explicit KeyedHash(RandomSource& random);
  std::uint64_t operator()(ByteView bytes) const;

 private:
  std::array<std::uint8_t, 16> seed_{};
};

}  // namespace derp
