// A well-mixing permutation of 64 bits, for hash tables and for spreading (the finaliser of
// splitmix64). No protection against those who choose the values.
#pragma once

#include <cstdint>

namespace derp {

constexpr std::uint64_t MixBits(std::uint64_t value) {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9;
  value ^= value >> 27;
  value *= 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace derp
