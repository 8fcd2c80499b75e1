// Randomness that repeats: counts bytes upward from a start value.
#pragma once

#include "common/crypto/random.h"

namespace derp::test {

class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(std::uint8_t start = 0) : next_(start) {}
  void Fill(ByteSpan out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_;
};

}  // namespace derp::test
