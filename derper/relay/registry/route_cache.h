// A connection's last destinations, so that the hot path asks the registry only after something in
// the destination's shard has changed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "derper/relay/registry/registry.h"

namespace derp::relay {

// Not thread-safe: belongs to a connection, whose peer can spoil only its own cache.
class RouteCache {
 public:
  explicit RouteCache(const Registry& registry) : registry_(registry) {}

  Route Find(const NodePublic& destination) {
    Item& item = items_[destination.raw()[0] % items_.size()];
    if (item.version != nullptr && item.destination == destination &&
        item.version->load(std::memory_order_acquire) == item.seen_version) {
      return item.route;
    }
    const HashedKey key = registry_.Hash(destination);
    item.destination = destination;
    item.version = &registry_.Version(key);
    // Read before the route: a change in between makes the item stale, never wrong for long.
    item.seen_version = item.version->load(std::memory_order_acquire);
    item.route = registry_.Find(key);
    return item.route;
  }

 private:
  struct Item {
    NodePublic destination;
    const std::atomic<std::uint64_t>* version = nullptr;
    std::uint64_t seen_version = 0;
    Route route;
  };

  const Registry& registry_;
  std::array<Item, 8> items_;
};

}  // namespace derp::relay
