// How many different senders wrote to one client, estimated in constant memory (HyperLogLog with
// 256 registers: about 6.5 % off, far less for a few; derp-protocol.md 5.16).
#pragma once

#include <array>
#include <cstdint>

namespace derp::relay {

// One thread. The hashes are seeded, so no sender can choose them.
class SenderEstimate {
 public:
  void Add(std::uint64_t hash);
  std::uint64_t Estimate() const;

 private:
  static constexpr std::size_t kRegisters = 256;
  std::array<std::uint8_t, kRegisters> registers_{};
};

}  // namespace derp::relay
