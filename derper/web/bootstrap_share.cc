#include "derper/web/bootstrap_share.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace derp::relay {
namespace {

__extension__ using Uint128 = unsigned __int128;

std::uint64_t LittleEndian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

constexpr Uint128 Wide(std::uint64_t high, std::uint64_t low) { return Uint128{high} << 64 | low; }

}  // namespace

// The first number of the PCG-DXSM generator (O'Neill) that the address seeds.
double ShareOf(const IpAddress& address) {
  constexpr Uint128 kMultiplier = Wide(2549297995355413924U, 4865540595714422341U);
  constexpr Uint128 kIncrement = Wide(6364136223846793005U, 1442695040888963407U);
  constexpr std::uint64_t kCheapMultiplier = 0xda942042e4dd58b5U;
  const auto bytes = address.as_16();
  const Uint128 seed = Wide(LittleEndian(bytes.data()), LittleEndian(bytes.data() + 8));
  const Uint128 state = seed * kMultiplier + kIncrement;
  auto high = static_cast<std::uint64_t>(state >> 64);
  const auto low = static_cast<std::uint64_t>(state);
  high ^= high >> 32;
  high *= kCheapMultiplier;
  high ^= high >> 48;
  high *= low | 1U;
  constexpr std::uint64_t kFraction = std::uint64_t{1} << 53;
  return static_cast<double>(high % kFraction) / static_cast<double>(kFraction);
}

bool InShare(const IpAddress& address, double share, RandomSource& random) {
  if (share <= 0) return false;
  if (share >= 1) return true;
  if (address.Unmap().IsLoopback()) return random.Unit() < 0.5;
  return share > ShareOf(address);
}

}  // namespace derp::relay
