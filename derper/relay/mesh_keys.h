// The mesh key in force and, for ten minutes after a change, the ones before it: relays of a region
// get a new key one after the other, and nobody is to be cut meanwhile. Any thread.
#pragma once

#include <deque>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/crypto/keys.h"

namespace derp::relay {

inline constexpr Duration kOldMeshKeyGrace = std::chrono::minutes(10);
inline constexpr std::size_t kMaxOldMeshKeys = 4;  // the oldest goes first

class MeshKeys {
 public:
  // `clock` outlives the object.
  MeshKeys(const MeshKey& current, const Clock& clock);

  // For our own links, asked for at each dial.
  MeshKey Current() const;

  // Whether a peer that shows `shown` is of the mesh. How near it came does not show in the time.
  bool Accepts(const MeshKey& shown) const;

  // False, and nothing happens, when `key` is the one in force.
  bool Replace(const MeshKey& key);

 private:
  struct Old {
    MeshKey key;
    TimePoint until;
  };
  const Clock& clock_;
  mutable Mutex mutex_;
  MeshKey current_ DERP_GUARDED_BY(mutex_);
  std::deque<Old> old_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::relay
