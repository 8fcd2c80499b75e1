// How many answers one source may have: a token bucket for each, in a table that does not grow.
// Answers of generic mode are larger than their requests, and source addresses can be forged, so
// without it the server would be an amplifier. IPv6 sources count by their /64.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/socket_address.h"
#include "common/base/token_bucket.h"
#include "common/crypto/random.h"

namespace derp::relay {

class SourceLimiter {
 public:
  // 16,384 sources at once, about 1 MiB. When more come, the one of four that was quiet longest
  // makes room; it starts afresh when it returns.
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSets = 4096;

  // `rate` answers per second, `burst` at once. The table's order follows `random`, so that nobody
  // can choose addresses that push a certain other one out.
  SourceLimiter(double rate, double burst, RandomSource& random);

  // Takes one token of the source. Any thread.
  bool Allow(const IpAddress& source, TimePoint now) DERP_EXCLUDES(mutex_);

 private:
  using Key = std::array<std::uint64_t, 2>;
  struct Entry {
    Key key{};
    TimePoint last_use{};  // the epoch: never used
    TokenBucket bucket{0, 0, {}};
  };

  static Key KeyOf(const IpAddress& source);
  std::size_t SetOf(const Key& key) const;

  const double rate_;
  const double burst_;
  std::array<std::uint64_t, 2> seed_;
  Mutex mutex_;
  std::vector<Entry> entries_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::relay
