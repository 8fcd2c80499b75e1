#include "derper/relay/registry/watcher.h"

#include <algorithm>

namespace derp::relay {

void Watcher::Mark(const HashedKey& key) {
  bool was_empty = false;
  {
    const MutexLock lock(mutex_);
    was_empty = dirty_.empty();
    dirty_.insert(key);
  }
  if (was_empty) wake_();
}

std::vector<HashedKey> Watcher::Take(std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<HashedKey> taken;
  taken.reserve(std::min(limit, dirty_.size()));
  while (taken.size() < limit && !dirty_.empty()) {
    taken.push_back(dirty_.extract(dirty_.begin()).value());
  }
  return taken;
}

}  // namespace derp::relay
