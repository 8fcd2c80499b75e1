// One fetch for all who ask for the same thing, and its result kept for a while. Whoever asks waits
// a bounded time since the fetch began, so that a thousand walks that need one slow document lose
// that time once, not each. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/diagnosis/worker_pool.h"

namespace derp::diagnosis {

template <typename T>
class SharedFetch {
 public:
  using Result = Expected<std::shared_ptr<const T>, Error>;
  struct Outcome {
    Result result;
    Duration keep{};  // how long it may be used
  };
  using Job = std::function<Outcome()>;

  // At most `most` results are kept; `clock` outlives this.
  SharedFetch(const Clock& clock, std::size_t most_threads, std::size_t most)
      : clock_(clock), most_(most), pool_(most_threads) {}
  ~SharedFetch() { ending_ = true; }  // waits for fetches under way, begins no other
  SharedFetch(const SharedFetch&) = delete;
  SharedFetch& operator=(const SharedFetch&) = delete;

  // The result for `key`, got by `job` (in another thread) unless it is at hand. Empty when it has
  // not come by `deadline` or `patience` after its fetch was asked for; the fetch goes on then, for
  // those who ask later.
  std::optional<Result> Get(const std::string& key, Job job, Duration patience,
                            TimePoint deadline) {
    const MutexLock lock(mutex_);
    const std::shared_ptr<Entry> entry = Find(key, std::move(job));
    if (!entry) return std::nullopt;
    const TimePoint until = std::min(deadline, entry->asked + patience);
    while (!entry->outcome) {
      if (clock_.Now() >= until) return std::nullopt;
      arrived_.WaitUntil(mutex_, until);
    }
    return entry->outcome->result;
  }

 private:
  struct Entry {
    TimePoint asked;
    TimePoint expires;
    std::optional<Outcome> outcome;
  };

  // Null when there are too many under way to begin another.
  std::shared_ptr<Entry> Find(const std::string& key, Job job) DERP_REQUIRES(mutex_) {
    const TimePoint now = clock_.Now();
    const auto known = entries_.find(key);
    if (known != entries_.end()) {
      if (!known->second->outcome || now < known->second->expires) return known->second;
      entries_.erase(known);
    }
    if (!MakeRoom(now)) return nullptr;
    auto entry = std::make_shared<Entry>();
    entry->asked = now;
    entries_[key] = entry;
    pool_.Post([this, entry, work = std::move(job)] {
      if (ending_) return;
      Outcome outcome = work();
      const MutexLock lock(mutex_);
      entry->expires = clock_.Now() + outcome.keep;
      entry->outcome = std::move(outcome);
      arrived_.NotifyAll();
    });
    return entry;
  }

  // What is over goes first, then what ends soonest; fetches under way stay.
  bool MakeRoom(TimePoint now) DERP_REQUIRES(mutex_) {
    if (entries_.size() < most_) return true;
    std::erase_if(entries_, [now](const auto& each) {
      return each.second->outcome && each.second->expires <= now;
    });
    while (entries_.size() >= most_) {
      auto soonest = entries_.end();
      for (auto it = entries_.begin(); it != entries_.end(); ++it) {
        if (!it->second->outcome) continue;
        if (soonest == entries_.end() || it->second->expires < soonest->second->expires) {
          soonest = it;
        }
      }
      if (soonest == entries_.end()) return false;
      entries_.erase(soonest);
    }
    return true;
  }

  const Clock& clock_;
  const std::size_t most_;
  Mutex mutex_;
  CondVar arrived_;
  std::atomic<bool> ending_ = false;
  std::map<std::string, std::shared_ptr<Entry>> entries_ DERP_GUARDED_BY(mutex_);
  WorkerPool pool_;  // last: its threads use the members above
};

}  // namespace derp::diagnosis
