// The packets of one exchange: which were sent when, and whether what arrives is one of them.
// Not thread-safe.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/crypto/random.h"

namespace derp::diagnosis {

class PacketLedger {
 public:
  explicit PacketLedger(RandomSource& random);

  struct Sent {
    std::size_t direction = 0;
    bool counted = false;  // one of the packets after the first arrival
    TimePoint at;
    bool arrived = false;
    Bytes bytes;
  };

  // A new packet, noted as sent at `now`.
  const Bytes& Make(std::size_t direction, bool counted, TimePoint now);

  enum class Arrival { kOurs, kDuplicate, kCorrupt, kForeign };
  struct Result {
    Arrival arrival = Arrival::kForeign;
    const Sent* sent = nullptr;  // for kOurs and kDuplicate; valid until the next Make()
  };
  // kCorrupt: begins as ours do, but is not what was sent.
  Result Receive(ByteView packet);

 private:
  ByteView Filler();

  static constexpr std::size_t kFillerSize = 52;  // 64 bytes in all

  RandomSource& random_;
  std::array<std::uint8_t, 8> tag_{};
  std::array<std::uint8_t, 16 * kFillerSize> drawn_{};  // asking for randomness costs a system call
  std::size_t used_ = drawn_.size();
  std::map<std::uint32_t, Sent> sent_;
};

}  // namespace derp::diagnosis
