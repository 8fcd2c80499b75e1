// The server keys that greeted in the last rounds of one node. A key that changes once for good is
// a relay that restarted with a new one; a key that comes back after another one means that several
// relays answer for the node (findings.md rule 9). Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <set>

#include "common/crypto/keys.h"

namespace derp::probe {

class GreetingHistory {
 public:
  static constexpr std::size_t kRemembered = 20;  // rounds: five minutes of the usual ones

  void Add(const NodePublic& key);
  // All remembered keys when one of them came back, else empty.
  std::set<NodePublic> Alternating() const;

 private:
  std::deque<NodePublic> keys_;  // the newest last
};

}  // namespace derp::probe
