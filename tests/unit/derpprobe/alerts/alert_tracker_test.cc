#include "derpprobe/alerts/alert_tracker.h"

#include <catch2/catch.hpp>

#include "common/diagnosis/catalogue.h"
#include "tests/support/fake_clock.h"

namespace derp {

using diagnosis::Finding;
using diagnosis::Verdict;
using probe::AlertEvent;
using probe::AlertKind;
using probe::AlertRound;
using probe::AlertState;
using probe::AlertTracker;
using probe::PlaceKey;

namespace {

using Told = std::vector<AlertState>;

// Rounds of one node as letters: d down, e error beside it, c clean, w impaired by a warning only,
// u unknown, O the prober is offline in this round, S it has another error.
struct Rounds {
  explicit Rounds(probe::AlertRule rule = {}) : tracker(rule) {}

  test::FakeClock clock;
  AlertTracker tracker;
  std::vector<AlertEvent> events;
  Finding error = diagnosis::MakeFinding("stun.no_reply");
  Finding offline = diagnosis::MakeFinding("prober.offline");
  Finding blocked = diagnosis::MakeFinding("prober.udp_blocked");

  Rounds& Play(std::string_view letters) {
    for (const char letter : letters) {
      clock.Advance(std::chrono::seconds(15));
      std::vector<const Finding*> prober;
      if (letter == 'O') prober = {&offline};
      if (letter == 'S') prober = {&blocked};
      Keep(tracker.ObserveProber(prober, /*round=*/true, clock.WallNow()));
      AlertRound round{{5, "5b"}, "fra", Verdict::kUsable, {}};
      if (letter == 'd' || letter == 'O') round.verdict = Verdict::kUnusable;
      if (letter == 'e' || letter == 'w') round.verdict = Verdict::kImpaired;
      if (letter == 'd' || letter == 'e') round.errors = {&error};
      if (letter == 'u') round.verdict = Verdict::kUnknown;
      Keep(tracker.Observe(round, clock.WallNow()));
    }
    return *this;
  }
  Told States() const {
    Told told;
    for (const AlertEvent& event : events) told.push_back(event.state);
    return told;
  }
  void Keep(std::optional<AlertEvent> event) {
    if (event) events.push_back(std::move(*event));
  }
};

}  // namespace

TEST_CASE("the third bad round of five alerts, three clean ones in a row end it", "[alerts]") {
  Rounds rounds;
  rounds.Play("cccdd");
  CHECK(rounds.events.empty());
  rounds.Play("d");
  REQUIRE(rounds.States() == Told{AlertState::kDown});
  const AlertEvent down = rounds.events[0];
  CHECK(down.kind == AlertKind::kNode);
  CHECK(AlertPlace(down) == "fra/5b");
  CHECK(down.before == AlertState::kOk);
  CHECK(down.bad == 3);
  CHECK(down.rounds == 5);
  CHECK(down.at - down.since == std::chrono::seconds(30));
  REQUIRE(down.findings.size() == 1);
  CHECK(down.findings[0].code == "stun.no_reply");
  rounds.Play("dddccdcc");
  CHECK(rounds.events.size() == 1);
  rounds.Play("c");
  REQUIRE(rounds.States() == Told{AlertState::kDown, AlertState::kOk});
  CHECK(rounds.events[1].before == AlertState::kDown);
  CHECK(rounds.events[1].since == down.since);
}

TEST_CASE("bad rounds too far apart alert nobody", "[alerts]") {
  CHECK(Rounds().Play("dccdccccdccdcccc").events.empty());
  CHECK(Rounds().Play("dcdcd").States() == Told{AlertState::kDown});
}

TEST_CASE("recovery begins the count anew", "[alerts]") {
  Rounds rounds({2, 5});
  rounds.Play("dd");
  CHECK(rounds.States() == Told{AlertState::kDown});
  rounds.Play("ccc");
  CHECK(rounds.States() == Told{AlertState::kDown, AlertState::kOk});
  rounds.Play("dcc");  // with the old rounds these would be two of five again
  CHECK(rounds.events.size() == 2);
}

TEST_CASE("errors beside the main chain are degraded, warnings are clean", "[alerts]") {
  CHECK(Rounds().Play("eee").States() == Told{AlertState::kDegraded});
  CHECK(Rounds().Play("wwwwwww").events.empty());
  CHECK(Rounds().Play("eeeddd").States() == Told{AlertState::kDegraded, AlertState::kDown});
  CHECK(Rounds().Play("dddeeee").States() == Told{AlertState::kDown});
  CHECK(Rounds().Play("dddeeeee").States() == Told{AlertState::kDown, AlertState::kDegraded});
  CHECK(Rounds().Play("dddeeeeeccc").States() ==
        Told{AlertState::kDown, AlertState::kDegraded, AlertState::kOk});
}

TEST_CASE("unknown rounds are none", "[alerts]") {
  CHECK(Rounds().Play("dudud").States() == Told{AlertState::kDown});
  CHECK(Rounds().Play("dudu").events.empty());
}

TEST_CASE("one bad round of one alerts at once", "[alerts]") {
  CHECK(Rounds({1, 1}).Play("d").States() == Told{AlertState::kDown});
  CHECK(Rounds({1, 1}).Play("dccc").States() == Told{AlertState::kDown, AlertState::kOk});
}

TEST_CASE("a prober that is cut off is told as such and no relay with it", "[alerts]") {
  Rounds rounds;
  rounds.Play("cccdOOO");  // the first round of the outage looks like the relay's fault
  REQUIRE(rounds.States() == Told{AlertState::kCutOff});
  CHECK(rounds.events[0].kind == AlertKind::kProber);
  CHECK(AlertPlace(rounds.events[0]) == "prober");
  CHECK(rounds.events[0].findings.at(0).code == "prober.offline");
  rounds.Play("OOOOccc");
  CHECK(rounds.States() == Told{AlertState::kCutOff, AlertState::kOk});
  rounds.Play("dd");
  CHECK(rounds.events.size() == 2);
  rounds.Play("d");
  CHECK(rounds.events.back().kind == AlertKind::kNode);
}

TEST_CASE("other errors of the prober silence as well and are degraded", "[alerts]") {
  Rounds rounds;
  rounds.Play("SSS");
  CHECK(rounds.States() == Told{AlertState::kDegraded});
  CHECK(rounds.events[0].kind == AlertKind::kProber);
}

TEST_CASE("an alert that stands when the prober is cut off goes on afterwards", "[alerts]") {
  Rounds rounds;
  rounds.Play("dddOOOddd");
  CHECK(rounds.States() == Told{AlertState::kDown, AlertState::kCutOff, AlertState::kOk});
  CHECK(rounds.events[2].kind == AlertKind::kProber);
  rounds.Play("ccc");
  CHECK(rounds.events.back().kind == AlertKind::kNode);
  CHECK(rounds.events.back().state == AlertState::kOk);
}

TEST_CASE("a place that leaves the map ends its alert", "[alerts]") {
  Rounds rounds;
  rounds.Play("ddd");
  const auto kept = rounds.tracker.Retain({{5, "5b"}}, rounds.clock.WallNow());
  CHECK(kept.empty());
  const auto gone = rounds.tracker.Retain({{5, "5c"}}, rounds.clock.WallNow());
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].state == AlertState::kGone);
  CHECK(gone[0].before == AlertState::kDown);
  CHECK(AlertPlace(gone[0]) == "fra/5b");
  CHECK(rounds.tracker.Standing().empty());
}

TEST_CASE("after a restart what stands is not told again, and its end is", "[alerts]") {
  Rounds before;
  before.Play("ddd");
  const auto standing = before.tracker.Standing();
  REQUIRE(standing.size() == 1);
  CHECK(standing[0].place == PlaceKey{5, "5b"});
  CHECK(standing[0].state == "down");
  Rounds after;
  after.tracker.Restore(standing);
  after.Play("dddd");
  CHECK(after.events.empty());
  after.Play("ccc");
  REQUIRE(after.States() == Told{AlertState::kOk});
  CHECK(after.events[0].since == before.events[0].since);
  CHECK(after.events[0].region == "fra");
}

TEST_CASE("the prober's own alert survives a restart", "[alerts]") {
  Rounds before;
  before.Play("OOO");
  Rounds after;
  after.tracker.Restore(before.tracker.Standing());
  CHECK(after.Play("OOO").events.empty());
  CHECK(after.Play("ccc").States() == Told{AlertState::kOk});
}

TEST_CASE("a stored state that this program does not know is left alone", "[alerts]") {
  Rounds rounds;
  rounds.tracker.Restore({{{5, "5b"}, "on fire", rounds.clock.WallNow()}});
  CHECK(rounds.tracker.Standing().empty());
}

}  // namespace derp
