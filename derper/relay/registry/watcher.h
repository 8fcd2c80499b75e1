// What a mesh connection that watches has yet to be told: a set of keys, not a list of events.
// Present or gone is read from the registry when the frame is written, so no update overtakes
// another and a watcher that does not read costs a bounded amount per key.
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
  // shard of the registry locked: it may only post.
  explicit Watcher(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Mark(const HashedKey& key);
  // Up to `limit` keys, which leave the set.
  std::vector<HashedKey> Take(std::size_t limit);

 private:
  const std::function<void()> wake_;
  Mutex mutex_;
  std::unordered_set<HashedKey, HashedKeyHash> dirty_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::relay
