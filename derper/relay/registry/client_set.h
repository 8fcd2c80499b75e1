// The connections that share one key. The one heard or added last is active and gets the packets
// (derp-protocol.md 5.8, "last writer is active").
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "derper/relay/registry/connection_ref.h"

namespace derp::relay {

// Not thread-safe: lives in a shard of the registry. Nearly always holds one connection.
class ClientSet {
 public:
  void Add(ConnectionRef connection);
  // A frame came from a member. True when that changed who is active.
  bool Heard(ConnectionRef connection);
  // False when it was no member.
  bool Remove(ConnectionRef connection);

  std::optional<ConnectionRef> active() const { return active_; }
  std::size_t size() const { return members_.size(); }
  bool empty() const { return members_.empty(); }
  bool has_duplicates() const { return members_.size() > 1; }
  const std::vector<ConnectionRef>& members() const { return members_; }

 private:
  void MoveToEndOfHistory(ConnectionRef connection);

  std::vector<ConnectionRef> members_;  // in order of arrival
  // Only while there are duplicates: each at most once, heard last at the end. The reference keeps
  // repeats as well, which no decision depends on.
  std::vector<ConnectionRef> history_;
  std::optional<ConnectionRef> active_;
};

}  // namespace derp::relay
