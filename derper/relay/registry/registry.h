// Who is where: every key of the region with its local connections, the mesh links that lead to it,
// and who wants to hear that it left (derp-protocol.md 5.1 to 5.10). The one class that workers
// share. Sharded by a hash with a secret seed, so no peer can choose collisions.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/mutex.h"
#include "common/crypto/keyed_hash.h"
#include "derper/relay/registry/client_set.h"
#include "derper/relay/registry/forwarder_set.h"
#include "derper/relay/registry/hashed_key.h"
#include "derper/relay/registry/watcher.h"

namespace derp::relay {

// Where a packet for a key goes.
struct Route {
  enum class Kind : std::uint8_t {
    kUnknown,
    kLocal,    // `connection`
    kLink,     // `link`; never used for packets that came through the mesh
    kDormant,  // several local connections, none active
  };
  Kind kind = Kind::kUnknown;
  LinkId link = 0;
  ConnectionRef connection;
};

// What watchers are told about a connection.
struct Presence {
  std::array<std::uint8_t, 16> ip{};  // IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;
  std::uint8_t flags = 0;
};

struct RegistryTotals {
  std::uint64_t keys = 0;        // known in the region
  std::uint64_t local_keys = 0;  // connected here
  std::uint64_t duplicate_keys = 0;
  std::uint64_t duplicate_connections = 0;
  std::uint64_t duplicates_ever = 0;
  std::uint64_t multi_created = 0;
  std::uint64_t multi_deleted = 0;
  std::uint64_t delete_other_value = 0;
  std::uint64_t interests = 0;  // pairs of a key and one who waits for its departure
  std::uint64_t interests_refused = 0;
};

// Of what mesh peers can make up: a packet they forward names a source, and its receiver is to hear
// when that source leaves. A local key costs its owner a connection and is not limited here.
struct RegistryLimits {
  std::size_t awaited_keys = 65'536;  // not in the region (yet), but somebody waits for them to go
  std::size_t interests = 1'048'576;
};

// Any thread.
class Registry {
 public:
  explicit Registry(RandomSource& random, const RegistryLimits& limits = {});

  HashedKey Hash(const NodePublic& key) const { return {key, hash_(key.bytes())}; }

  // Makes the connection the active one of its key and tells the watchers. The answer: those who
  // are duplicates from now on, itself included; nobody when it is the only one.
  std::vector<ConnectionRef> Register(const HashedKey& key, ConnectionRef connection,
                                      const Presence& presence);
  struct Departure {
    std::vector<ConnectionRef> interested;  // to be told, if the key left the region
    std::optional<ConnectionRef> alone;     // no duplicate any more
  };
  Departure Unregister(const HashedKey& key, ConnectionRef connection);
  // A member of a set of duplicates spoke: it becomes the active one.
  void Heard(const HashedKey& key, ConnectionRef connection);

  void AddForwarder(const HashedKey& key, LinkId link);
  std::vector<ConnectionRef> RemoveForwarder(const HashedKey& key, LinkId link);

  // Moves on with every change that can alter a Route of the key's shard. A route read together
  // with a version is good as long as the version stands.
  const std::atomic<std::uint64_t>& Version(const HashedKey& key) const;
  Route Find(const HashedKey& key) const;

  struct OwnState {
    bool has_duplicates = false;
    bool is_active = false;
  };
  OwnState StateOf(const HashedKey& key, ConnectionRef connection) const;

  // Local connections of a key, active or not.
  std::vector<ConnectionRef> Connections(const HashedKey& key) const;
  // What watchers may be told: empty when the key has no local connection.
  std::optional<Presence> LocalPresence(const HashedKey& key) const;

  // `who` wants to know, once, when `key` leaves the region. False: refused. A local key that is
  // not there has left already. One from the mesh may come a moment later, as long as the limits
  // allow to wait for it.
  enum class Origin { kLocal, kMesh };
  bool AddInterest(const HashedKey& key, ConnectionRef who, Origin origin);
  void RemoveInterest(const HashedKey& key, ConnectionRef who);

  // Marks every key dirty for it, now and whenever the key changes.
  void AddWatcher(const std::shared_ptr<Watcher>& watcher);
  void RemoveWatcher(const Watcher& watcher);

  RegistryTotals Totals() const;

  // For the consistency check (registry_audit.cc): the connections of one worker, and what a
  // recount finds different from the totals.
  std::vector<std::pair<NodePublic, ConnectionRef>> MembersOf(std::uint16_t worker) const;
  std::vector<std::string> Recount() const;

 private:
  static constexpr std::size_t kShards = 64;

  struct Entry {
    ClientSet clients;
    std::vector<std::pair<ConnectionRef, Presence>> presences;  // one per client
    ForwarderSet forwarders;
    std::unordered_set<ConnectionRef, ConnectionRefHash> interested;

    bool in_region() const { return !clients.empty() || !forwarders.empty(); }
    bool awaited() const { return !in_region() && !interested.empty(); }
  };
  using Entries = std::unordered_map<HashedKey, Entry, HashedKeyHash>;

  struct Shard {
    std::atomic<std::uint64_t> version{1};
    mutable Mutex mutex;
    Entries entries DERP_GUARDED_BY(mutex);
    std::vector<std::shared_ptr<Watcher>> watchers DERP_GUARDED_BY(mutex);
    RegistryTotals totals DERP_GUARDED_BY(mutex);
    std::size_t awaited DERP_GUARDED_BY(mutex) = 0;
  };

  // The low bits choose the bucket within a shard, so the shard is chosen by the high ones.
  Shard& ShardOf(const HashedKey& key) { return shards_[key.hash >> 58]; }
  const Shard& ShardOf(const HashedKey& key) const { return shards_[key.hash >> 58]; }

  static void Changed(Shard& shard, const HashedKey& key) DERP_REQUIRES(shard.mutex);
  // The entry of a key that is about to enter the region, if it is not there yet.
  static Entry& Enter(Shard& shard, const HashedKey& key) DERP_REQUIRES(shard.mutex);
  static std::vector<ConnectionRef> LeaveIfGone(Shard& shard, Entries::iterator entry)
      DERP_REQUIRES(shard.mutex);

  const KeyedHash hash_;
  const RegistryLimits limits_;  // of a shard
  std::array<Shard, kShards> shards_;
};

}  // namespace derp::relay
