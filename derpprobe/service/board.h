// What the service knows now: the newest walk of every node, judged, with what is remembered (ages
// of findings, transitions, the rounds of a day and a month). Pages, JSON and metrics share one
// state, which is judged when somebody asks after something new came, not with every result. Any
// thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/judgement.h"
#include "common/diagnosis/report.h"
#include "derpprobe/history/history.h"
#include "derpprobe/history/records.h"
#include "derpprobe/service/failure_log.h"

namespace derp::probe {

// Where the map came from, and how its last fetch went.
struct MapState {
  std::string url;
  std::optional<WallTime> fetched;  // the last good one
  std::string failure;              // of the last fetch, empty when it was good
};

// In "fra" or "fra/5b": "usable → unusable", "cert.expired began", "cert.expired ended"; with the
// state after it.
using Transition = StoredTransition;

struct FindingAge {
  WallTime since;
  std::uint64_t first_walk = 0;  // the node's walk that found it
  std::uint64_t rounds = 1;      // walks of the node that found it, the first included
  std::uint64_t before = 0;      // of these, those of an earlier run of the service
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
  std::vector<MapRegion> regions;   // in the map's order
  std::vector<PlaceKey> map_nodes;  // likewise, measured or not
  std::size_t nodes_total = 0;
  std::size_t nodes_done = 0;           // with at least one result
  std::optional<WallTime> last_result;  // end of the newest walk
  diagnosis::RunReport report;
  std::vector<std::uint64_t> walks;        // of report.nodes, in their order
  std::map<std::string, FindingAge> ages;  // by FindingKey
  std::deque<Transition> transitions;      // newest first, at most kTransitions
  // Beyond the newest round, in the states of StateWithPast() alone. Never null pointers.
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

  // What is asked of pairs, and the newest measurement of one; ignored when the map no longer names
  // its nodes.
  void AskPairs(const diagnosis::PairsAsked& asked);
  void PublishTransfer(diagnosis::TransferReport report);
  void PublishQueue(diagnosis::QueueReport report);

  // Judges what is new since the last call: the whole fleet, so not to be asked for every result.
  // The state stays as it is while it is held.
  std::shared_ptr<const BoardState> State();
  // The same with node_past and region_past: for pages, since it costs as much as they do.
  std::shared_ptr<const BoardState> StateWithPast();

  // Where the rounds are remembered; whoever follows the rounds feeds it.
  History& history() { return history_; }

  // What an earlier run of the service remembered; before the first map. A finding that stood then
  // and still does goes on, one that does not is told as ended.
  void Restore(const HistoryImage& image);
  // For the store: transitions since the last call, and the findings that stand.
  std::vector<Transition> TakeTransitions();
  std::map<std::string, StoredFinding> StandingFindings();
  bool has_fresh_transitions();

 private:
  using NodeKey = std::pair<std::int64_t, std::string>;
  struct NodeSlot {
    derpmap::Node node;
    std::optional<diagnosis::NodeReport> report;
    std::uint64_t walks = 0;
    WallTime walked{};  // end of the newest
  };

  // By region id, sender and receiver.
  using PairKey = std::tuple<std::int64_t, std::string, std::string>;
  bool Knows(const PairKey& pair) const DERP_REQUIRES(mutex_);

  void Judge() DERP_REQUIRES(mutex_);
  // Carries what is remembered from the state before into the next one.
  void FollowFindings(const BoardState& before, WallTime now, BoardState& next)
      DERP_REQUIRES(mutex_);
  FindingAge NewAge(const std::string& key, std::uint64_t walks, WallTime now, bool& known)
      DERP_REQUIRES(mutex_);
  void EndRestored(WallTime now, BoardState& next) DERP_REQUIRES(mutex_);
  void FollowVerdicts(const BoardState& before, WallTime now, BoardState& next)
      DERP_REQUIRES(mutex_);
  void Remember(Transition transition, BoardState& next) DERP_REQUIRES(mutex_);
  void FollowFailures(const BoardState& before, BoardState& next) const DERP_REQUIRES(mutex_);

  const Clock& clock_;
  History history_;
  Mutex mutex_;
  bool mesh_asked_ DERP_GUARDED_BY(mutex_);
  std::vector<NodeKey> order_ DERP_GUARDED_BY(mutex_);  // the map's
  std::vector<MapRegion> map_regions_ DERP_GUARDED_BY(mutex_);
  std::map<NodeKey, NodeSlot> nodes_ DERP_GUARDED_BY(mutex_);
  std::map<std::int64_t, diagnosis::MeshReport> meshes_ DERP_GUARDED_BY(mutex_);
  diagnosis::PairsAsked pairs_asked_ DERP_GUARDED_BY(mutex_);
  std::map<PairKey, diagnosis::TransferReport> transfers_ DERP_GUARDED_BY(mutex_);
  std::map<PairKey, diagnosis::QueueReport> queues_ DERP_GUARDED_BY(mutex_);
  std::vector<diagnosis::Finding> map_findings_ DERP_GUARDED_BY(mutex_);
  diagnosis::ProberState prober_ DERP_GUARDED_BY(mutex_);
  bool dirty_ DERP_GUARDED_BY(mutex_) = false;
  MapState source_ DERP_GUARDED_BY(mutex_);
  std::optional<WallTime> last_result_ DERP_GUARDED_BY(mutex_);
  std::shared_ptr<const BoardState> state_ DERP_GUARDED_BY(mutex_);  // never null
  // Findings of an earlier run that were not seen again yet.
  std::map<std::string, StoredFinding> restored_ DERP_GUARDED_BY(mutex_);
  std::vector<Transition> fresh_transitions_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::probe
