// The relay's own links to the other relays of its region (derper.md 6): one MeshClient per entry
// of -mesh-with, each on a worker's loop. What a peer announces becomes a forwarder of the relay.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/derp/mesh_client.h"
#include "common/metrics/registry.h"
#include "derper/mesh/mesh_target.h"
#include "derper/relay/mesh_keys.h"
#include "derper/relay/mesh_port.h"

namespace derp::relay {

struct MeshLinksOptions {
  std::vector<MeshTarget> targets;
  NodePrivate key;                            // the relay's own
  std::shared_ptr<const MeshKeys> mesh_keys;  // each dial shows the current one
  std::string ca_file{};                      // -mesh-ca-file
  std::size_t peer_limit = kMaxMeshPeers;     // clients that one peer may announce
};

// Made and destroyed in the control thread; destroyed when the loops of `port` have stopped but
// still exist. `port`, `random` (any thread) and `logger` outlive it.
class MeshLinks {
 public:
  MeshLinks(MeshLinksOptions options, MeshPort& port, RandomSource& random, const Logger& logger);
  ~MeshLinks();

  void Start();

  // derper_mesh_link_up{host}, derper_mesh_peers{host}, derper_mesh_dropped_packets{host,reason}.
  // A host that turned out to be this relay is left out. Any thread; may outlive the links.
  metrics::Registry::Source MetricsSource() const;

 private:
  class Link;
  std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace derp::relay
