// When somebody is told (derpprobe.md 12.1, -alert-after). Pure: rounds and time in, events out.
// Not thread-safe.
//
// A round of a place is
//   down      the verdict is unusable
//   degraded  usable, but an error stands on it (findings.md: impaired by an error, not by a
//   warning) clean     everything else; a round whose verdict is unknown is no round
// A place's state turns bad when BAD of its last ROUNDS rounds were bad, to down when that many
// were down. It eases from down to degraded when none of the last ROUNDS was down, and is ok again
// after three clean rounds in a row, which also ends the count.
//
// The prober's own errors are a place of their own: cut_off when it is offline, else degraded.
// While one stands nothing is said of nodes and regions, and what they had been counted is
// forgotten: it was the prober's trouble before it was known as such.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "derpprobe/alerts/alert_event.h"
#include "derpprobe/history/records.h"

namespace derp::probe {

struct AlertRule {
  int bad = 3;
  int rounds = 5;
};

// A finished round of a node or a region.
struct AlertRound {
  PlaceKey place;
  std::string region;  // code
  diagnosis::Verdict verdict = diagnosis::Verdict::kUnknown;
  std::vector<const diagnosis::Finding*> errors;  // on this very place
};

class AlertTracker {
 public:
  static constexpr int kCleanRounds = 3;
  static constexpr std::size_t kMostFindings = 10;  // in one event

  explicit AlertTracker(AlertRule rule) : rule_(rule) {}

  // The prober's own errors, whenever they may have changed; `round`: counts as one of its rounds.
  std::optional<AlertEvent> ObserveProber(const std::vector<const diagnosis::Finding*>& errors,
                                          bool round, WallTime now);
  // Silent while one of the prober's errors stands, by the latest ObserveProber().
  std::optional<AlertEvent> Observe(const AlertRound& round, WallTime now);
  // The places of the map now in force; what stands on another one is over.
  std::vector<AlertEvent> Retain(const std::set<PlaceKey>& places, WallTime now);

  // What stands, for the store, and back after a restart: it is not told again.
  std::vector<StoredAlert> Standing() const;
  void Restore(const std::vector<StoredAlert>& alerts);

 private:
  enum class Badness : std::uint8_t { kClean, kDegraded, kDown };
  struct Track {
    std::string region;
    AlertState state = AlertState::kOk;
    std::vector<Badness> window;  // oldest first
    std::optional<WallTime> since;
  };

  // The state after one more round; empty when it stays.
  std::optional<AlertState> Step(Track& track, Badness round, AlertState down, WallTime now) const;
  int CountBad(const Track& track, Badness least) const;
  AlertEvent Event(AlertKind kind, const PlaceKey& place, Track& track, AlertState next,
                   WallTime now) const;

  const AlertRule rule_;
  std::map<PlaceKey, Track> tracks_;
  Track prober_;
  bool silent_ = false;
};

}  // namespace derp::probe
