// What a mesh connection that watches has yet to be told: a set of keys, not a list of events.
// Present or gone is read from the registry when the frame is written, so no update overtakes
// another and a watcher that does not read costs a bounded amount per key; and one that has fallen
// behind by very many keys is to be closed: it asks for everything again when it is back.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_set>
#include <vector>

#include "common/base/mutex.h"
#include "derper/relay/registry/hashed_key.h"

namespace derp::relay {

// Any thread marks; the watcher's worker takes.
class Watcher {
 public:
  // `wake` is called when the set turns from empty to non-empty, in the thread that marks, with a
  // shard of the registry locked: it may only post. It is called once more on falling behind.
  explicit Watcher(std::function<void()> wake, std::size_t max_behind = kMaxBehind)
      : wake_(std::move(wake)), max_behind_(max_behind), limit_(max_behind) {}

  void Mark(const HashedKey& key);
  // So many keys are about to be marked at once and do not count as falling behind.
  void Expect(std::size_t keys);
  // Holds nothing and takes nothing any more.
  bool fell_behind() const;
  // Up to `limit` keys, which leave the set.
  std::vector<HashedKey> Take(std::size_t limit);

 private:
  static constexpr std::size_t kMaxBehind = 65'536;  // about 5 MiB

  const std::function<void()> wake_;
  const std::size_t max_behind_;
  mutable Mutex mutex_;
  std::size_t limit_ DERP_GUARDED_BY(mutex_);
  bool fell_behind_ DERP_GUARDED_BY(mutex_) = false;
  std::unordered_set<HashedKey, HashedKeyHash> dirty_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::relay
