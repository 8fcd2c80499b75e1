#include "derper/limits/key_account.h"

#include <algorithm>

namespace derp::relay {

namespace {

constexpr Duration kTellAgain = std::chrono::minutes(10);

}  // namespace

void KeyAccount::Apply(const std::optional<ByteRate>& rate, std::uint64_t quota, TimePoint now) {
  quota_.store(quota, std::memory_order_relaxed);
  if (quota == 0 || used() < quota) dropping_.store(false, std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  bucket_.reset();
  if (rate && rate->per_second > 0) {
    bucket_.emplace(static_cast<double>(rate->per_second), static_cast<double>(rate->burst), now);
  }
}

Duration KeyAccount::Borrow(std::uint64_t bytes, TimePoint now) {
  const MutexLock lock(mutex_);
  return bucket_ ? bucket_->Borrow(static_cast<double>(bytes), now) : Duration::zero();
}

bool KeyAccount::TakeQuota(std::uint64_t bytes) {
  const std::uint64_t limit = quota();
  const std::uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
  if (before < limit && bytes <= limit - before) return true;
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void KeyAccount::CountWait(Duration wait) {
  waits_.fetch_add(1, std::memory_order_relaxed);
  waited_.fetch_add(wait.count(), std::memory_order_relaxed);
}

void KeyAccount::CountDrop(std::uint64_t bytes) {
  packets_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

void KeyAccount::BeginDay() {
  used_.store(0, std::memory_order_relaxed);
  packets_.store(0, std::memory_order_relaxed);
  bytes_.store(0, std::memory_order_relaxed);
  dropping_.store(false, std::memory_order_relaxed);
}

bool KeyAccount::MayTell(TimePoint now) {
  const Duration::rep at = now.time_since_epoch().count();
  Duration::rep before = told_at_.load(std::memory_order_relaxed);
  if (before != 0 && at - before < kTellAgain.count()) return false;
  return told_at_.compare_exchange_strong(before, at, std::memory_order_relaxed);
}

}  // namespace derp::relay
