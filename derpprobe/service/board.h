// What the service knows now: the newest walk of every node, judged, with what was remembered since
// the start (ages of findings, transitions, a strip per region). Pages, JSON and metrics share one
// state, which is judged when somebody asks after something new came, not with every result. Any
// thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/report.h"
#include "derpprobe/history/past.h"
#include "derpprobe/service/failure_log.h"
#include "derpprobe/service/verdict_strip.h"

namespace derp::probe {

// Where the map came from, and how its last fetch went.
struct MapState {
  std::string url;
  std::optional<WallTime> fetched;  // the last good one
  std::string failure;              // of the last fetch, empty when it was good
};

struct Transition {
  WallTime at;
  std::string place;  // "fra" or "fra/5b"
  std::string text;   // "usable → unusable", "cert.expired began", "cert.expired ended"
  diagnosis::Verdict state = diagnosis::Verdict::kUnknown;  // the state after it
};

struct FindingAge {
  WallTime since;
  std::uint64_t first_walk = 0;  // the node's walk that found it
  std::uint64_t rounds = 1;      // walks of the node that found it, the first included
};

// What names a finding from round to round.
std::string FindingKey(const diagnosis::Finding& finding);

// A region as the map has it, measured or not.
struct MapRegion {
  std::string code;  // the number when the map gives none
  std::int64_t id = 0;
  std::string name;
  std::size_t nodes = 0;
};

struct BoardState {
  MapState source;
  std::vector<MapRegion> regions;  // in the map's order
  std::size_t nodes_total = 0;
  std::size_t nodes_done = 0;           // with at least one result
  std::optional<WallTime> last_result;  // end of the newest walk
  diagnosis::RunReport report;
  std::map<std::string, FindingAge> ages;       // by FindingKey
  std::map<std::int64_t, VerdictStrip> strips;  // by region id
  std::deque<Transition> transitions;           // newest first, at most kTransitions
  // Beyond the newest round; nothing before the first one ended.
  std::map<std::pair<std::int64_t, std::string>, std::shared_ptr<const Past>> node_past;
  std::map<std::int64_t, std::shared_ptr<const Past>> region_past;

  // Of each node's last failed walk, also after it recovered.
  std::map<std::pair<std::int64_t, std::string>, std::shared_ptr<const FailureLog>> failures;

  static constexpr std::size_t kTransitions = 20;
  const FindingAge* Age(const diagnosis::Finding& finding) const;
};

class Board {
 public:
  // `clock` must outlive the board. `mesh_asked`: false when the mesh class is off.
  Board(const Clock& clock, bool mesh_asked);

  void SetMeshAsked(bool asked);

  // A map is in force: nodes and regions it does not name are forgotten, and so are the results of
  // nodes that changed.
  void SetMap(const derpmap::DerpMap& map, std::vector<diagnosis::Finding> map_findings,
              MapState source);
  // A refresh that leaves the map as it is, or failed; `map_findings` stand on the map from now on.
  void SetMapState(MapState source, std::vector<diagnosis::Finding> map_findings);

  void SetProber(diagnosis::ProberState prober);  // the machine that looks, as it is now

  void PublishNode(diagnosis::NodeReport report);  // ignored when the map no longer names it
  // A region's mesh as measured now; none when no two of its nodes could be asked.
  void PublishMesh(std::int64_t region_id, std::optional<diagnosis::MeshReport> report);

  // Judges what is new since the last call: the whole fleet, so not to be asked for every result.
  // The state stays as it is while it is held.
  std::shared_ptr<const BoardState> State();

 private:
  using NodeKey = std::pair<std::int64_t, std::string>;
  struct NodeSlot {
    derpmap::Node node;
    std::optional<diagnosis::NodeReport> report;
    std::uint64_t walks = 0;
    WallTime walked{};  // end of the newest
  };

  void Judge() DERP_REQUIRES(mutex_);
  // Carries what is remembered from the state before into the next one.
  void FollowFindings(const BoardState& before, WallTime now, BoardState& next) const
      DERP_REQUIRES(mutex_);
  void FollowFailures(const BoardState& before, BoardState& next) const DERP_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  bool mesh_asked_ DERP_GUARDED_BY(mutex_);
  std::vector<NodeKey> order_ DERP_GUARDED_BY(mutex_);  // the map's
  std::vector<MapRegion> map_regions_ DERP_GUARDED_BY(mutex_);
  std::map<NodeKey, NodeSlot> nodes_ DERP_GUARDED_BY(mutex_);
  std::map<std::int64_t, diagnosis::MeshReport> meshes_ DERP_GUARDED_BY(mutex_);
  std::vector<diagnosis::Finding> map_findings_ DERP_GUARDED_BY(mutex_);
  diagnosis::ProberState prober_ DERP_GUARDED_BY(mutex_);
  bool dirty_ DERP_GUARDED_BY(mutex_) = false;
  MapState source_ DERP_GUARDED_BY(mutex_);
  std::optional<WallTime> last_result_ DERP_GUARDED_BY(mutex_);
  std::shared_ptr<const BoardState> state_ DERP_GUARDED_BY(mutex_);  // never null
};

}  // namespace derp::probe
