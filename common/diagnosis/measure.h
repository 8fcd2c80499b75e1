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
  // Told where the walk has come to, for progress; any thread, one at a time for a node.
  std::function<void(Stage)> on_stage{};

  void At(Stage stage) const {
    if (on_stage) on_stage(stage);
  }
};

// Rule 10: the mesh key when a region's relays may be given it. Any thread.
using MeshKeyRule =
    std::function<std::optional<MeshKey>(std::string_view region_code, std::int64_t region_id)>;

// All nodes of the map in its order. `notes` are those of derpmap::Lint; without a rule nobody gets
// the mesh key.
std::vector<WalkTask> PlanWalks(const derpmap::DerpMap& map,
                                const std::vector<derpmap::Note>& notes, const StagesAsked& asked,
                                const MeshKeyRule& mesh_key_rule);

// For a run that looks once (findings.md rule 9, derpprobe.md 12.3): every node's greeting is
// compared five times and its WebSocket tried. Above kThoroughNodes nodes that is done for a
// sample, one relay per region and kThoroughNodes in all, spread over the regions.
inline constexpr std::size_t kThoroughNodes = 20;
void AskThoroughly(std::vector<WalkTask>& tasks);

// The linter's notes as findings with advice from the catalogue.
std::vector<Finding> MapFindings(const std::vector<derpmap::Note>& notes);

// Threads and poll loop, shared by all measurements of a program. `context` outlives it. Any
// thread, any number of measurements at once. Destroying it waits for what runs in a thread and
// drops the rest: then OnDone is never called.
class Measurer {
 public:
  explicit Measurer(const WalkContext& context);
  ~Measurer();
  Measurer(const Measurer&) = delete;
  Measurer& operator=(const Measurer&) = delete;

  // Called in threads of the measurer, never two calls of one measurement at once.
  using OnNode = std::function<void(const NodeReport&)>;  // as each node is finished
  using OnDone = std::function<void(Measurement)>;        // last, once

  // Returns at once; no thread is held by what waits. All is done after caps.walk + caps.mesh at
  // the latest, longer only by the time for which all workers were busy. Nodes of one region that
  // belong together must be in one call: the mesh is measured between the nodes of a call. The
  // result holds no map findings: add MapFindings() before Judge().
  void Start(std::vector<WalkTask> tasks, OnNode on_node, OnDone on_done);
  // The same, waiting for the end. Not from within a callback.
  Measurement Measure(std::vector<WalkTask> tasks, const OnNode& on_node = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::diagnosis
