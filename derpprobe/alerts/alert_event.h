// One change of state that somebody is told of, and the JSON object that tells it
// (docs/schemas/derpprobe.alert.json).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/diagnosis/finding.h"
#include "derpprobe/history/place.h"

namespace derp::probe {

enum class AlertKind { kNode, kRegion, kProber };

enum class AlertState {
  kOk,        // nothing is wrong any more
  kDegraded,  // usable, with an error beside it
  kDown,      // no client could use it
  kCutOff,    // the prober itself: it can say nothing about any relay
  kGone,      // the map no longer names the place; ends what stood
};
std::string_view AlertStateName(AlertState state);  // "ok", "degraded", "down", "cut_off", "gone"
std::optional<AlertState> ParseAlertState(std::string_view name);

struct AlertEvent {
  AlertKind kind = AlertKind::kNode;
  PlaceKey place;
  std::string region;  // its code; empty for the prober
  AlertState state = AlertState::kOk;
  AlertState before = AlertState::kOk;
  int bad = 0;  // of the last `rounds` rounds
  int rounds = 0;
  WallTime since;  // the first bad round of the trouble that begins, goes on or ends with this
  WallTime at;
  std::vector<diagnosis::Finding> findings;  // errors that stand on the place, bounded
};

// "fra/5b", "fra", "prober".
std::string AlertPlace(const AlertEvent& event);

// The whole event for people: "fra/5b is down (3 of the last 5 rounds bad): cert.expired: …".
std::string AlertSentence(const AlertEvent& event);

// One line, without a line end. `vantage`: where the prober stands.
std::string AlertJson(const AlertEvent& event, std::string_view vantage);

}  // namespace derp::probe
