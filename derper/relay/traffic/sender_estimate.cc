#include "derper/relay/traffic/sender_estimate.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace derp::relay {

void SenderEstimate::Add(std::uint64_t hash) {
  std::uint8_t& highest = registers_[hash % kRegisters];
  // The marker bit bounds the rank when all bits that are left are 0.
  const std::uint64_t rest = hash / kRegisters | std::uint64_t{1} << 56;
  highest = std::max(highest, static_cast<std::uint8_t>(std::countr_zero(rest) + 1));
}

std::uint64_t SenderEstimate::Estimate() const {
  constexpr auto kCount = static_cast<double>(kRegisters);
  constexpr double kAlpha = 0.7213 / (1 + 1.079 / kCount);
  double sum = 0;
  double empty = 0;
  for (const std::uint8_t value : registers_) {
    sum += std::ldexp(1.0, -value);
    if (value == 0) ++empty;
  }
  const double raw = kAlpha * kCount * kCount / sum;
  const bool few = raw <= 2.5 * kCount && empty > 0;
  return static_cast<std::uint64_t>(std::llround(few ? kCount * std::log(kCount / empty) : raw));
}

}  // namespace derp::relay
