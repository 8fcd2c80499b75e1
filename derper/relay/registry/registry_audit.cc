// The registry counted over, for the consistency check. Shard by shard, each locked for a moment.
#include <fmt/format.h>

#include "derper/relay/registry/registry.h"

namespace derp::relay {

std::vector<std::pair<NodePublic, ConnectionRef>> Registry::MembersOf(std::uint16_t worker) const {
  std::vector<std::pair<NodePublic, ConnectionRef>> members;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    for (const auto& [key, entry] : shard.entries) {
      for (const ConnectionRef ref : entry.clients.members()) {
        if (ref.worker == worker) members.emplace_back(key.key, ref);
      }
    }
  }
  return members;
}

std::vector<std::string> Registry::Recount() const {
  RegistryTotals kept;
  RegistryTotals counted;
  std::uint64_t empty = 0;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    kept.keys += shard.totals.keys;
    kept.local_keys += shard.totals.local_keys;
    kept.duplicate_keys += shard.totals.duplicate_keys;
    kept.duplicate_connections += shard.totals.duplicate_connections;
    for (const auto& [key, entry] : shard.entries) {
      if (entry.in_region()) ++counted.keys;
      if (!entry.in_region() && entry.interested.empty()) ++empty;
      if (!entry.clients.empty()) ++counted.local_keys;
      if (!entry.clients.has_duplicates()) continue;
      ++counted.duplicate_keys;
      counted.duplicate_connections += entry.clients.size();
    }
  }
  std::vector<std::string> problems;
  const auto compare = [&](std::string_view gauge, std::uint64_t value, std::uint64_t count) {
    if (value != count) {
      problems.push_back(fmt::format("gauge {} = {} != {} counted", gauge, value, count));
    }
  };
  compare("clients_total", kept.keys, counted.keys);
  compare("clients_local", kept.local_keys, counted.local_keys);
  compare("current_dup_client_keys", kept.duplicate_keys, counted.duplicate_keys);
  compare("current_dup_client_conns", kept.duplicate_connections, counted.duplicate_connections);
  if (empty > 0) {
    problems.push_back(fmt::format("{} keys are neither clients nor behind a mesh link", empty));
  }
  return problems;
}

}  // namespace derp::relay
