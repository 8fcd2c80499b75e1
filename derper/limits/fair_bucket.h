// One allowance of bytes per second for many sources on many threads, shared out fairly: a source
// that finds too little waits, and what comes in goes to those who wait, in equal shares and in the
// order they came. Nobody passes a waiting source, so a source that wants much delays one that
// wants little by a share, not by its appetite.
#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace derp::relay {

// Any thread. A source takes bytes ahead of its need, so that the lock is met once per kAhead bytes
// or per tick, not per frame.
class FairBucket {
 public:
  static constexpr auto kTick = std::chrono::milliseconds(2);
  static constexpr std::uint64_t kAhead = 16 * 1024;

  // Of one source, used by one thread at a time; leaves the bucket before it dies.
  class Account {
   public:
    // Spends `bytes` of what was taken ahead, without the lock; false when it is not enough.
    bool Spend(std::uint64_t bytes) {
      if (credit_ < bytes) return false;
      credit_ -= bytes;
      return true;
    }

   private:
    friend class FairBucket;

    std::uint64_t credit_ = 0;
    TimePoint collected_at_{};
    // The rest belongs to the bucket.
    bool waiting_ = false;
    std::uint64_t need_ = 0;     // of which `granted_` is there
    std::uint64_t granted_ = 0;  // not yet collected
    std::uint64_t appetite_ = 0;
    std::uint64_t obtained_ = 0;  // since it last began to wait
    std::list<Account*>::iterator place_{};
  };

  // Above 0 bytes per second. Full at start: a tenth of a second's worth, at least one largest
  // frame.
  FairBucket(std::uint64_t per_second, TimePoint now);

  // Zero when Spend(bytes) will now succeed; else the account waits, and asks again after the time
  // returned.
  Duration Take(Account& account, std::uint64_t bytes, TimePoint now);

  // Gives back what was not spent. Harmless when the account never took anything.
  void Leave(Account& account);

 private:
  void Refill(TimePoint now) DERP_REQUIRES(mutex_);
  void Collect(Account& account, TimePoint now) DERP_REQUIRES(mutex_);
  bool TakeAtOnce(Account& account, std::uint64_t missing, TimePoint now) DERP_REQUIRES(mutex_);
  void BeginToWait(Account& account, std::uint64_t missing, TimePoint now) DERP_REQUIRES(mutex_);
  // Shares the tokens out among those who wait.
  void Distribute() DERP_REQUIRES(mutex_);
  void Grant(Account& account, std::uint64_t bytes) DERP_REQUIRES(mutex_);
  void StopWaiting(Account& account) DERP_REQUIRES(mutex_);
  Duration TimeFor(const Account& account) const DERP_REQUIRES(mutex_);

  const double per_second_;
  const double burst_;

  Mutex mutex_;
  double tokens_ DERP_GUARDED_BY(mutex_);
  TimePoint last_ DERP_GUARDED_BY(mutex_);
  TimePoint shared_at_ DERP_GUARDED_BY(mutex_);
  std::list<Account*> waiting_ DERP_GUARDED_BY(mutex_);
  std::uint64_t wanted_ DERP_GUARDED_BY(mutex_) = 0;  // by those who wait, less what they have
  bool scarce_ DERP_GUARDED_BY(mutex_) = false;       // the last sharing out left nothing
  std::vector<Account*> round_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::relay
