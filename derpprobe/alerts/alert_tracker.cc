#include "derpprobe/alerts/alert_tracker.h"

#include <algorithm>
#include <utility>

namespace derp::probe {

namespace {

using diagnosis::Finding;
using diagnosis::Verdict;

AlertKind KindOf(const PlaceKey& place) {
  return place.node.empty() ? AlertKind::kRegion : AlertKind::kNode;
}

bool Errs(const AlertRound& round) {
  return round.verdict == Verdict::kImpaired && !round.errors.empty();
}

void TakeFindings(const std::vector<const Finding*>& errors, AlertEvent& event) {
  for (const Finding* finding : errors) {
    if (event.findings.size() == AlertTracker::kMostFindings) return;
    event.findings.push_back(*finding);
  }
}

}  // namespace

int AlertTracker::CountBad(const Track& track, Badness least) const {
  const auto rounds = static_cast<std::ptrdiff_t>(rule_.rounds);
  const auto size = std::ssize(track.window);
  return static_cast<int>(std::count_if(track.window.end() - std::min(rounds, size),
                                        track.window.end(),
                                        [least](Badness round) { return round >= least; }));
}

std::optional<AlertState> AlertTracker::Step(Track& track, Badness round, AlertState down,
                                             WallTime now) const {
  const auto most = static_cast<std::size_t>(std::max(rule_.rounds, kCleanRounds));
  if (track.window.size() == most) track.window.erase(track.window.begin());
  track.window.push_back(round);
  const int bad = CountBad(track, Badness::kDegraded);
  if (bad > 0 && !track.since) track.since = now;
  const bool clean = std::ssize(track.window) >= kCleanRounds &&
                     std::all_of(track.window.end() - kCleanRounds, track.window.end(),
                                 [](Badness each) { return each == Badness::kClean; });
  if (track.state == AlertState::kOk) {
    if (bad == 0) track.since.reset();
    if (bad < rule_.bad) return std::nullopt;
    return CountBad(track, Badness::kDown) >= rule_.bad ? down : AlertState::kDegraded;
  }
  if (clean) return AlertState::kOk;
  const int downs = CountBad(track, Badness::kDown);
  if (track.state == AlertState::kDegraded && downs >= rule_.bad) return down;
  const bool full = std::ssize(track.window) >= rule_.rounds;
  if (track.state == down && full && downs == 0 && bad > 0) return AlertState::kDegraded;
  return std::nullopt;
}

AlertEvent AlertTracker::Event(AlertKind kind, const PlaceKey& place, Track& track, AlertState next,
                               WallTime now) const {
  AlertEvent event;
  event.kind = kind;
  event.place = place;
  event.region = track.region;
  event.before = std::exchange(track.state, next);
  event.state = next;
  event.bad = CountBad(track, Badness::kDegraded);
  event.rounds = static_cast<int>(
      std::min(std::ssize(track.window), static_cast<std::ptrdiff_t>(rule_.rounds)));
  event.since = track.since.value_or(now);
  event.at = now;
  if (next == AlertState::kOk) {
    track.window.clear();
    track.since.reset();
  }
  return event;
}

std::optional<AlertEvent> AlertTracker::ObserveProber(const std::vector<const Finding*>& errors,
                                                      bool round, WallTime now) {
  const bool was_silent = std::exchange(silent_, !errors.empty());
  if (silent_ && !was_silent) {
    for (auto& [place, track] : tracks_) {
      track.window.clear();
      if (track.state == AlertState::kOk) track.since.reset();
    }
  }
  if (!round) return std::nullopt;
  const bool offline = std::any_of(errors.begin(), errors.end(), [](const Finding* finding) {
    return finding->code == "prober.offline";
  });
  const Badness badness = offline ? Badness::kDown : silent_ ? Badness::kDegraded : Badness::kClean;
  const auto next = Step(prober_, badness, AlertState::kCutOff, now);
  if (!next) return std::nullopt;
  AlertEvent event = Event(AlertKind::kProber, {kProberRegion, ""}, prober_, *next, now);
  TakeFindings(errors, event);
  return event;
}

std::optional<AlertEvent> AlertTracker::Observe(const AlertRound& round, WallTime now) {
  if (silent_ || round.verdict == Verdict::kUnknown) return std::nullopt;
  Track& track = tracks_[round.place];
  track.region = round.region;
  const Badness badness = round.verdict == Verdict::kUnusable ? Badness::kDown
                          : Errs(round)                       ? Badness::kDegraded
                                                              : Badness::kClean;
  const auto next = Step(track, badness, AlertState::kDown, now);
  if (!next) return std::nullopt;
  AlertEvent event = Event(KindOf(round.place), round.place, track, *next, now);
  TakeFindings(round.errors, event);
  return event;
}

std::vector<AlertEvent> AlertTracker::Retain(const std::set<PlaceKey>& places, WallTime now) {
  std::vector<AlertEvent> events;
  for (auto it = tracks_.begin(); it != tracks_.end();) {
    if (places.contains(it->first)) {
      ++it;
      continue;
    }
    if (it->second.state != AlertState::kOk) {
      events.push_back(Event(KindOf(it->first), it->first, it->second, AlertState::kGone, now));
    }
    it = tracks_.erase(it);
  }
  return events;
}

std::vector<StoredAlert> AlertTracker::Standing() const {
  std::vector<StoredAlert> alerts;
  const auto add = [&alerts](const PlaceKey& place, const Track& track) {
    if (track.state == AlertState::kOk) return;
    alerts.push_back(
        {place, std::string(AlertStateName(track.state)), track.since.value_or(WallTime{})});
  };
  add({kProberRegion, ""}, prober_);
  for (const auto& [place, track] : tracks_) add(place, track);
  return alerts;
}

void AlertTracker::Restore(const std::vector<StoredAlert>& alerts) {
  for (const StoredAlert& alert : alerts) {
    const auto state = ParseAlertState(alert.state);
    if (!state || *state == AlertState::kOk || *state == AlertState::kGone) continue;
    Track& track = alert.place.region_id == kProberRegion ? prober_ : tracks_[alert.place];
    track.region = std::to_string(alert.place.region_id);  // until a round gives its code
    track.state = *state;
    track.since = alert.since;
  }
}

}  // namespace derp::probe
