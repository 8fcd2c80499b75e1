// What the connections of one key share: the override's bucket, today's bytes, and what is told
// about it.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/token_bucket.h"
#include "common/crypto/keys.h"
#include "derper/limits/rate_config.h"

namespace derp::relay {

// Any thread.
class KeyAccount {
 public:
  explicit KeyAccount(const NodePublic& key) : key_(key) {}

  const NodePublic& key() const { return key_; }

  // New limits, with a full bucket.
  void Apply(const std::optional<ByteRate>& rate, std::uint64_t quota, TimePoint now);
  // How long the source has to wait for what it took.
  Duration Borrow(std::uint64_t bytes, TimePoint now);

  // Adds to today's bytes, unless that would be above the quota.
  bool TakeQuota(std::uint64_t bytes);
  void SetUsed(std::uint64_t bytes) { used_.store(bytes, std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t quota() const { return quota_.load(std::memory_order_relaxed); }

  void CountWait(Duration wait);
  void CountDrop(std::uint64_t bytes);
  // True for the first drop of a day.
  bool BeginDropping() { return !dropping_.exchange(true, std::memory_order_relaxed); }
  bool dropping() const { return dropping_.load(std::memory_order_relaxed); }
  // A new day: today's figures begin at 0.
  void BeginDay();
  // True when nothing was told about the key's waiting for a while.
  bool MayTell(TimePoint now);

  std::uint64_t waits() const { return waits_.load(std::memory_order_relaxed); }
  Duration waited() const { return Duration(waited_.load(std::memory_order_relaxed)); }
  std::uint64_t dropped_packets() const { return packets_.load(std::memory_order_relaxed); }
  std::uint64_t dropped_bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // Guarded by who keeps the accounts.
  std::size_t connections = 0;

 private:
  const NodePublic key_;
  Mutex mutex_;
  std::optional<TokenBucket> bucket_ DERP_GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> quota_{0};  // 0: none
  std::atomic<std::uint64_t> used_{0};
  std::atomic<bool> dropping_{false};
  std::atomic<std::uint64_t> waits_{0};
  std::atomic<Duration::rep> waited_{0};
  std::atomic<std::uint64_t> packets_{0}, bytes_{0};  // dropped today
  std::atomic<Duration::rep> told_at_{0};             // 0: never
};

}  // namespace derp::relay
