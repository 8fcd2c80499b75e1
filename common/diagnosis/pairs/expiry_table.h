// The packets of a steady stream that have not arrived yet (derpprobe.md 5.7): told apart by
// sequence number, given up by age, bounded in number. Pure: time is handed in. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "common/base/clock.h"

namespace derp::diagnosis {

class ExpiryTable {
 public:
  // Holds what `per_second` packets make in `timeout`, and one more.
  ExpiryTable(std::int64_t per_second, Duration timeout);

  // Forgets what is `timeout` old or older; how many that were.
  std::size_t Expire(TimePoint now);
  // Notes a packet; 1 when the table was full and the oldest had to go, else 0. Sequence numbers
  // grow.
  std::size_t Add(std::uint64_t sequence, TimePoint now);
  // How long the packet was under way; empty when it is not (or no longer) there.
  std::optional<Duration> Take(std::uint64_t sequence, TimePoint now);

  std::size_t outstanding() const { return sent_.size(); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Sent {
    std::uint64_t sequence = 0;
    TimePoint at;
  };
  Duration timeout_;
  std::size_t capacity_;
  std::deque<Sent> sent_;  // oldest first
};

}  // namespace derp::diagnosis
