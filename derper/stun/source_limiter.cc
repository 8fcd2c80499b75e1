#include "derper/stun/source_limiter.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "common/base/mix.h"

namespace derp::relay {

SourceLimiter::SourceLimiter(double rate, double burst, RandomSource& random)
    : rate_(rate), burst_(burst), seed_{random.U64(), random.U64()}, entries_(kSets * kWays) {}

SourceLimiter::Key SourceLimiter::KeyOf(const IpAddress& source) {
  const IpAddress plain = source.Unmap();
  const auto bytes = plain.as_16();
  Key key{};
  std::memcpy(key.data(), bytes.data(), plain.is_v4() ? 16 : 8);
  return key;
}

std::size_t SourceLimiter::SetOf(const Key& key) const {
  return MixBits(MixBits(key[0] ^ seed_[0]) ^ key[1] ^ seed_[1]) % kSets;
}

bool SourceLimiter::Allow(const IpAddress& source, TimePoint now) {
  const Key key = KeyOf(source);
  const MutexLock lock(mutex_);
  const std::span<Entry> set = std::span(entries_).subspan(SetOf(key) * kWays, kWays);
  auto entry = std::ranges::find_if(set, [&](const Entry& candidate) {
    return candidate.last_use != TimePoint{} && candidate.key == key;
  });
  if (entry == set.end()) {
    entry = std::ranges::min_element(set, {}, &Entry::last_use);
    entry->key = key;
    entry->bucket = TokenBucket(rate_, burst_, now);
  }
  entry->last_use = now;
  return entry->bucket.Take(1, now);
}

}  // namespace derp::relay
