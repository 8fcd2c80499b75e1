#include "derper/relay/registry/watcher.h"

#include <algorithm>

namespace derp::relay {

void Watcher::Mark(const HashedKey& key) {
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    if (fell_behind_) return;
    wake = dirty_.empty();
    dirty_.insert(key);
    if (dirty_.size() > limit_) {
      fell_behind_ = wake = true;
      dirty_ = {};
    }
  }
  if (wake) wake_();
}

void Watcher::Expect(std::size_t keys) {
  const MutexLock lock(mutex_);
  limit_ = max_behind_ + keys;
}

bool Watcher::fell_behind() const {
  const MutexLock lock(mutex_);
  return fell_behind_;
}

std::vector<HashedKey> Watcher::Take(std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<HashedKey> taken;
  taken.reserve(std::min(limit, dirty_.size()));
  while (taken.size() < limit && !dirty_.empty()) {
    taken.push_back(dirty_.extract(dirty_.begin()).value());
  }
  if (dirty_.empty()) dirty_ = {};  // the table of a flood is not kept
  return taken;
}

}  // namespace derp::relay
