// Randomness as an injected dependency: the system's, or a fixed sequence in tests.
#pragma once

#include "common/base/bytes.h"

namespace derp {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(ByteSpan out) = 0;

  std::uint64_t U64();
  double Unit();  // uniform in [0, 1)
};

// libsodium's generator; cryptographic. Any thread.
class SystemRandom final : public RandomSource {
 public:
  SystemRandom();
  void Fill(ByteSpan out) override;
};

}  // namespace derp
