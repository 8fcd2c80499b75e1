// One ordered pair of a region's nodes (from may be to), and what is asked of it. Self-contained:
// the map may go while a measurement is under way. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/socket_address.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/measure.h"

namespace derp::diagnosis {

struct PairTask {
  std::string region;  // as findings name it: the code, or the id when there is none
  std::int64_t region_id = 0;
  derpmap::Node from;
  derpmap::Node to;
  std::optional<MeshKey> mesh_key{};  // when the region may be given it (rule 10)

  bool single() const { return from.name == to.name; }
};

// A stream of bytes, sent once (derpprobe.md 5.5, 5.6).
struct TransferAsked {
  std::int64_t size = 0;              // bytes, positive
  Duration timeout{};                 // connecting included
  std::optional<IpAddress> tun = {};  // IPv4: through a TUN device of this /30, else direct
};

// A steady stream of small packets (derpprobe.md 5.7).
struct QueueAsked {
  std::int64_t per_second = 0;  // positive
  Duration packet_timeout{};
};

// All ordered pairs of each region's relaying nodes, in the map's order. Without a rule nobody gets
// the mesh key.
std::vector<PairTask> PairsOf(const derpmap::DerpMap& map, const MeshKeyRule& key_rule);

}  // namespace derp::diagnosis
