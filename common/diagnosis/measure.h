// Walks nodes through the staged check and sends packets between the nodes of a region
// (architecture 5). Waiting for connections and STUN answers sits in one poll loop; handshakes and
// relay sessions run on at most 64 threads, so that a silent node holds none and delays nobody.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/derpmap/merge.h"
#include "common/derpmap/note.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

// What is asked of one node. Self-contained: the map may go while the walk is under way.
struct WalkTask {
  std::string region;  // as findings name it: the code, or the id when there is none
  std::int64_t region_id = 0;
  std::string region_name;
  derpmap::Node node;
  bool single_in_region = false;  // no other node that relays: mesh does not apply
  std::string map_error;          // a map.* code that ends the walk before it starts (rule 7)
  StagesAsked asked{};
  std::optional<MeshKey> mesh_key{};  // when the region may be given it (rule 10)
  Duration delay{};                   // wait so long before the walk; not counted as its time
};

// Rule 10: the mesh key when a region's relays may be given it. Any thread.
using MeshKeyRule =
    std::function<std::optional<MeshKey>(std::string_view region_code, std::int64_t region_id)>;

// All nodes of the map in its order. `notes` are those of derpmap::Lint; without a rule nobody gets
// the mesh key.
std::vector<WalkTask> PlanWalks(const derpmap::DerpMap& map,
                                const std::vector<derpmap::Note>& notes, const StagesAsked& asked,
                                const MeshKeyRule& mesh_key_rule);

// The linter's notes as findings with advice from the catalogue.
std::vector<Finding> MapFindings(const std::vector<derpmap::Note>& notes);

// Threads and poll loop, shared by all measurements of a program. `context` outlives it. Any number
// of threads may call Measure() at once.
class Measurer {
 public:
  explicit Measurer(const WalkContext& context);
  ~Measurer();
  Measurer(const Measurer&) = delete;
  Measurer& operator=(const Measurer&) = delete;

  // Blocks until every task is done; never longer than caps.walk + caps.mesh. Nodes of one region
  // that belong together must be in one call: the mesh is measured between the nodes of a call.
  // `on_node` is called in other threads, one call at a time, as each node is finished. The result
  // holds no map findings: add MapFindings() before Judge().
  using OnNode = std::function<void(const NodeReport&)>;
  Measurement Measure(std::vector<WalkTask> tasks, const OnNode& on_node = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::diagnosis
