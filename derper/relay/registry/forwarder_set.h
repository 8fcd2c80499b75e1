// The mesh links that lead to one key, the preferred one first (derp-protocol.md 5.10). A local
// client of the same key is the registry's business.
#pragma once

#include <optional>
#include <vector>

#include "derper/relay/mesh_port.h"

namespace derp::relay {

// Not thread-safe: lives in a shard of the registry.
class ForwarderSet {
 public:
  enum class Added { kAlreadyThere, kFirst, kBecameMulti, kOneMore };
  enum class Removed {
    kNotThere,      // none, or several others
    kOtherLink,     // the only one is another link
    kLast,          // none is left
    kCollapsed,     // one is left
    kOneOfSeveral,  // at least two are left
  };

  Added Add(LinkId link);
  Removed Remove(LinkId link);

  // The one that was there longest: packets do not alternate between paths.
  std::optional<LinkId> preferred() const;
  bool empty() const { return links_.empty(); }

 private:
  std::vector<LinkId> links_;  // in order of arrival
};

}  // namespace derp::relay
