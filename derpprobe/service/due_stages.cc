#include "derpprobe/service/due_stages.h"

#include <fmt/format.h>

#include "common/diagnosis/units.h"

namespace derp::probe {

namespace {

constexpr int kThoroughGreetings = 5;  // findings.md rule 9
// What rule 9 and rule 12 give a class before it may say that something does not work.
constexpr diagnosis::StageCaps kCaps;

}  // namespace

Duration RoundOf(const ClassIntervals& intervals) {
  std::optional<Duration> round;
  for (const Duration interval : {intervals.tls, intervals.stun, intervals.mesh}) {
    if (interval > Duration::zero() && (!round || interval < *round)) round = interval;
  }
  return round.value_or(intervals.map);
}

std::vector<std::string> IntervalWarnings(const ClassIntervals& intervals) {
  std::vector<std::string> warnings;
  const auto check = [&warnings](std::string_view flag, Duration interval, Duration needed,
                                 std::string_view what) {
    if (interval <= Duration::zero() || interval * 4 / 5 >= needed) return;
    warnings.push_back(fmt::format(
        "-{} {}: {} may take {}, more than 80 % of the interval; a round that overruns drops the "
        "next",
        flag, diagnosis::ShortDuration(interval), what, diagnosis::ShortDuration(needed)));
  };
  check("mesh-interval", intervals.mesh, kCaps.mesh, "a mesh direction that does not work");
  check("stun-interval", intervals.stun, kCaps.stun, "a relay that does not answer STUN");
  check("tls-interval", intervals.tls, kCaps.tcp + kCaps.tls, "a relay that does not answer");
  return warnings;
}

DueStages::DueStages(const ClassIntervals& intervals, std::uint64_t phase,
                     const diagnosis::StagesAsked& asked)
    : intervals_(intervals), round_(RoundOf(intervals)), phase_(phase), wishes_(asked) {}

// Half a round early is on time: rounds do not begin to the nanosecond.
bool DueStages::IsDue(Duration interval, std::optional<TimePoint>& last, TimePoint now) const {
  if (interval <= Duration::zero()) return false;
  if (last && now - *last < interval - round_ / 2) return false;
  last = now;
  return true;
}

diagnosis::StagesAsked DueStages::Asked(bool tls, bool stun, bool mesh, bool thorough) const {
  diagnosis::StagesAsked asked = wishes_;
  asked.tls = tls;
  asked.stun = stun;
  asked.mesh = mesh;
  asked.side = thorough && (tls || mesh);
  asked.ws = thorough && mesh;
  asked.admission = thorough && mesh && wishes_.admission;
  asked.idle = thorough && mesh ? wishes_.idle : Duration::zero();
  if (thorough) asked.greetings = kThoroughGreetings;
  return asked;
}

diagnosis::StagesAsked DueStages::Claim(TimePoint now) {
  const bool tls = IsDue(intervals_.tls, tls_, now);
  const bool stun = IsDue(intervals_.stun, stun_, now);
  const bool mesh = IsDue(intervals_.mesh, mesh_, now);
  // Counted are the rounds of the class that a thorough one needs.
  const bool counts = intervals_.mesh > Duration::zero() ? mesh : tls;
  const bool thorough = counts && (walks_ == 0 || (walks_ + phase_) % kThoroughEvery == 0);
  if (counts) ++walks_;
  return Asked(tls, stun, mesh, thorough);
}

diagnosis::StagesAsked DueStages::ClaimAll(TimePoint now) {
  const auto claim = [now](Duration interval, std::optional<TimePoint>& last) {
    if (interval <= Duration::zero()) return false;
    last = now;
    return true;
  };
  const bool tls = claim(intervals_.tls, tls_);
  const bool stun = claim(intervals_.stun, stun_);
  const bool mesh = claim(intervals_.mesh, mesh_);
  return Asked(tls, stun, mesh, /*thorough=*/true);
}

}  // namespace derp::probe
