#include "common/diagnosis/pairs/expiry_table.h"

#include <algorithm>
#include <cmath>

namespace derp::diagnosis {

namespace {

constexpr double kMostRecords = 1e6;  // whatever rate and time-out a flag names

}  // namespace

ExpiryTable::ExpiryTable(std::int64_t per_second, Duration timeout) : timeout_(timeout) {
  const double records =
      std::ceil(static_cast<double>(per_second) * std::chrono::duration<double>(timeout).count());
  capacity_ = static_cast<std::size_t>(std::clamp(records, 0.0, kMostRecords)) + 1;
}

std::size_t ExpiryTable::Expire(TimePoint now) {
  std::size_t expired = 0;
  while (!sent_.empty() && now - sent_.front().at >= timeout_) {
    sent_.pop_front();
    ++expired;
  }
  return expired;
}

std::size_t ExpiryTable::Add(std::uint64_t sequence, TimePoint now) {
  const bool full = sent_.size() >= capacity_;
  if (full) sent_.pop_front();
  sent_.push_back({sequence, now});
  return full ? 1 : 0;
}

std::optional<Duration> ExpiryTable::Take(std::uint64_t sequence, TimePoint now) {
  const auto found = std::lower_bound(
      sent_.begin(), sent_.end(), sequence,
      [](const Sent& sent, std::uint64_t wanted) { return sent.sequence < wanted; });
  if (found == sent_.end() || found->sequence != sequence) return std::nullopt;
  const Duration took = now - found->at;
  sent_.erase(found);
  return took;
}

}  // namespace derp::diagnosis
