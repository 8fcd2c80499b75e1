#include "derper/relay/mesh_keys.h"

namespace derp::relay {

MeshKeys::MeshKeys(const MeshKey& current, const Clock& clock) : clock_(clock), current_(current) {}

MeshKey MeshKeys::Current() const {
  const MutexLock lock(mutex_);
  return current_;
}

bool MeshKeys::Accepts(const MeshKey& shown) const {
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.Now();
  bool accepted = shown.ConstantTimeEquals(current_);
  for (const Old& old : old_) {
    const bool equal = shown.ConstantTimeEquals(old.key);
    accepted = accepted || (equal && now < old.until);
  }
  return accepted;
}

bool MeshKeys::Replace(const MeshKey& key) {
  const MutexLock lock(mutex_);
  if (key.ConstantTimeEquals(current_)) return false;
  const TimePoint now = clock_.Now();
  while (!old_.empty() && (old_.front().until <= now || old_.size() >= kMaxOldMeshKeys)) {
    old_.pop_front();
  }
  old_.push_back({.key = current_, .until = now + kOldMeshKeyGrace});
  current_ = key;
  return true;
}

}  // namespace derp::relay
