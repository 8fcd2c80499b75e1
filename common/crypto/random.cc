#include "common/crypto/random.h"

#include <array>

#include <sodium.h>

#include "common/base/result.h"

namespace derp {

std::uint64_t RandomSource::U64() {
  std::array<std::uint8_t, 8> bytes{};
  Fill(bytes);
  return (std::uint64_t{LoadU32Be(bytes.data())} << 32) | LoadU32Be(bytes.data() + 4);
}

double RandomSource::Unit() {
  // 53 bits are what a double holds exactly.
  return static_cast<double>(U64() >> 11) * 0x1.0p-53;
}

SystemRandom::SystemRandom() {
  Check(sodium_init() >= 0, "the system's random generator is unavailable");
}

void SystemRandom::Fill(ByteSpan out) { randombytes_buf(out.data(), out.size()); }

}  // namespace derp
