#include "derpprobe/schedule/spread.h"

#include <cstdint>

#include "common/base/mix.h"

namespace derp::probe {
namespace {

constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr std::uint64_t kFnvPrime = 0x100000001b3;

std::uint64_t Fnv1a(std::uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<std::uint8_t>(c);
    hash *= kFnvPrime;
  }
  return hash;
}

}  // namespace

double SpreadFraction(std::string_view instance, std::string_view probe_name) {
  const std::uint64_t hash =
      Fnv1a(Fnv1a(Fnv1a(kFnvOffset, instance), std::string_view("\0", 1)), probe_name);
  // FNV leaves the high bits of short texts alike.
  return static_cast<double>(MixBits(hash) >> 11) * 0x1p-53;
}

Duration SpreadDelay(std::string_view instance, std::string_view probe_name, Duration interval) {
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::nano>(static_cast<double>(interval.count())) *
      SpreadFraction(instance, probe_name));
}

}  // namespace derp::probe
