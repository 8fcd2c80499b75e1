#include "derper/relay/registry/registry.h"

#include <algorithm>

namespace derp::relay {

Registry::Registry(RandomSource& random, const RegistryLimits& limits)
    : hash_(random),
      limits_{.awaited_keys = limits.awaited_keys / kShards,
              .interests = limits.interests / kShards} {
  static_assert(kShards == 1U << 6);
}

void Registry::Changed(Shard& shard, const HashedKey& key) {
  shard.version.fetch_add(1, std::memory_order_release);
  for (const std::shared_ptr<Watcher>& watcher : shard.watchers) watcher->Mark(key);
}

Registry::Entry& Registry::Enter(Shard& shard, const HashedKey& key) {
  Entry& entry = shard.entries[key];
  if (!entry.in_region()) ++shard.totals.keys;
  if (entry.awaited()) --shard.awaited;
  return entry;
}

std::vector<ConnectionRef> Registry::Register(const HashedKey& key, ConnectionRef connection,
                                              const Presence& presence) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  Entry& entry = Enter(shard, key);
  std::vector<ConnectionRef> duplicates;
  entry.clients.Add(connection);
  entry.presences.emplace_back(connection, presence);
  if (entry.clients.size() == 1) {
    ++shard.totals.local_keys;
  } else {
    duplicates.push_back(connection);
    ++shard.totals.duplicates_ever;
    ++shard.totals.duplicate_connections;
    if (entry.clients.size() == 2) {
      duplicates.push_back(entry.clients.members().front());
      ++shard.totals.duplicate_keys;
      ++shard.totals.duplicate_connections;
    }
  }
  Changed(shard, key);
  return duplicates;
}

Registry::Departure Registry::Unregister(const HashedKey& key, ConnectionRef connection) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {};
  Entry& entry = found->second;
  if (!entry.clients.Remove(connection)) return {};
  std::erase_if(entry.presences, [&](const auto& item) { return item.first == connection; });
  Departure departure;
  if (entry.clients.empty()) {
    --shard.totals.local_keys;
  } else {
    --shard.totals.duplicate_connections;
    if (entry.clients.size() == 1) {
      departure.alone = entry.clients.members().front();
      --shard.totals.duplicate_connections;
      --shard.totals.duplicate_keys;
    }
  }
  Changed(shard, key);
  departure.interested = LeaveIfGone(shard, found);
  return departure;
}

std::vector<ConnectionRef> Registry::LeaveIfGone(Shard& shard, Entries::iterator entry) {
  if (entry->second.in_region()) return {};
  --shard.totals.keys;
  std::vector<ConnectionRef> tell(entry->second.interested.begin(), entry->second.interested.end());
  shard.totals.interests -= tell.size();
  shard.entries.erase(entry);
  return tell;
}

void Registry::Heard(const HashedKey& key, ConnectionRef connection) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return;
  // Watchers are not told: the key is as present as before.
  if (found->second.clients.Heard(connection)) {
    shard.version.fetch_add(1, std::memory_order_release);
  }
}

void Registry::AddForwarder(const HashedKey& key, LinkId link) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const ForwarderSet::Added added = Enter(shard, key).forwarders.Add(link);
  if (added == ForwarderSet::Added::kBecameMulti) ++shard.totals.multi_created;
  if (added == ForwarderSet::Added::kFirst) {
    shard.version.fetch_add(1, std::memory_order_release);
  }
}

std::vector<ConnectionRef> Registry::RemoveForwarder(const HashedKey& key, LinkId link) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {};
  switch (found->second.forwarders.Remove(link)) {
    case ForwarderSet::Removed::kNotThere:
      return {};
    case ForwarderSet::Removed::kOtherLink:
      ++shard.totals.delete_other_value;
      return {};
    case ForwarderSet::Removed::kCollapsed:
      ++shard.totals.multi_deleted;
      break;
    case ForwarderSet::Removed::kLast:
    case ForwarderSet::Removed::kOneOfSeveral:
      break;
  }
  shard.version.fetch_add(1, std::memory_order_release);
  return LeaveIfGone(shard, found);
}

const std::atomic<std::uint64_t>& Registry::Version(const HashedKey& key) const {
  return ShardOf(key).version;
}

Route Registry::Find(const HashedKey& key) const {
  const Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {};
  const Entry& entry = found->second;
  if (const auto active = entry.clients.active()) {
    return {.kind = Route::Kind::kLocal, .link = 0, .connection = *active};
  }
  if (!entry.clients.empty()) return {.kind = Route::Kind::kDormant, .link = 0, .connection = {}};
  if (const auto link = entry.forwarders.preferred()) {
    return {.kind = Route::Kind::kLink, .link = *link, .connection = {}};
  }
  return {};
}

Registry::OwnState Registry::StateOf(const HashedKey& key, ConnectionRef connection) const {
  const Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {};
  const ClientSet& clients = found->second.clients;
  return {.has_duplicates = clients.has_duplicates(), .is_active = clients.active() == connection};
}

std::vector<ConnectionRef> Registry::Connections(const HashedKey& key) const {
  const Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {};
  return found->second.clients.members();
}

std::optional<Presence> Registry::LocalPresence(const HashedKey& key) const {
  const Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end() || found->second.presences.empty()) return std::nullopt;
  const Entry& entry = found->second;
  for (const auto& [connection, presence] : entry.presences) {
    if (entry.clients.active() == connection) return presence;
  }
  return entry.presences.back().second;
}

bool Registry::AddInterest(const HashedKey& key, ConnectionRef who, Origin origin) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  const bool known = found != shard.entries.end();
  if (origin == Origin::kLocal) {
    if (!known || !found->second.in_region()) return false;
  } else if (shard.totals.interests >= limits_.interests ||
             (!known && shard.awaited >= limits_.awaited_keys)) {
    ++shard.totals.interests_refused;
    return false;
  }
  if (!known) ++shard.awaited;
  if (shard.entries[key].interested.insert(who).second) ++shard.totals.interests;
  return true;
}

void Registry::RemoveInterest(const HashedKey& key, ConnectionRef who) {
  Shard& shard = ShardOf(key);
  const MutexLock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return;
  shard.totals.interests -= found->second.interested.erase(who);
  if (found->second.in_region() || !found->second.interested.empty()) return;
  --shard.awaited;
  shard.entries.erase(found);
}

void Registry::AddWatcher(const std::shared_ptr<Watcher>& watcher) {
  watcher->Expect(Totals().local_keys);
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    const auto known = std::find(shard.watchers.begin(), shard.watchers.end(), watcher);
    if (known == shard.watchers.end()) shard.watchers.push_back(watcher);
    for (const auto& [key, entry] : shard.entries) {
      if (!entry.clients.empty()) watcher->Mark(key);
    }
  }
}

void Registry::RemoveWatcher(const Watcher& watcher) {
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    std::erase_if(shard.watchers, [&](const auto& item) { return item.get() == &watcher; });
  }
}

RegistryTotals Registry::Totals() const {
  RegistryTotals sum;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    sum.keys += shard.totals.keys;
    sum.local_keys += shard.totals.local_keys;
    sum.duplicate_keys += shard.totals.duplicate_keys;
    sum.duplicate_connections += shard.totals.duplicate_connections;
    sum.duplicates_ever += shard.totals.duplicates_ever;
    sum.multi_created += shard.totals.multi_created;
    sum.multi_deleted += shard.totals.multi_deleted;
    sum.delete_other_value += shard.totals.delete_other_value;
    sum.interests += shard.totals.interests;
    sum.interests_refused += shard.totals.interests_refused;
  }
  return sum;
}

}  // namespace derp::relay
