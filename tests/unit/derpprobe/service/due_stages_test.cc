#include "derpprobe/service/due_stages.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::probe;
using diagnosis::StagesAsked;
using std::chrono::seconds;

namespace {

constexpr TimePoint kStart{seconds(1000)};

ClassIntervals Every(int tls, int stun, int mesh) {
  return {.map = seconds(15), .tls = seconds(tls), .stun = seconds(stun), .mesh = seconds(mesh)};
}

}  // namespace

TEST_CASE("a class runs in every round its interval reaches", "[service][due]") {
  DueStages due(Every(30, 15, 0), 0, {});
  std::string rounds;
  for (int i = 0; i < 4; ++i) {
    const StagesAsked asked = due.Claim(kStart + seconds(15 * i) + std::chrono::milliseconds(i));
    rounds += asked.tls ? "T" : "-";
    rounds += asked.stun ? "S" : "-";
    rounds += asked.mesh ? "M" : "-";
  }
  CHECK(rounds == "TS--S-TS--S-");
}

TEST_CASE("the first round and then every tenth looks closely", "[service][due]") {
  for (const std::uint64_t phase : {0U, 3U, 900U}) {
    DueStages due(Every(15, 15, 15), phase, {});
    std::vector<int> thorough;
    for (int i = 0; i < 40; ++i) {
      const StagesAsked asked = due.Claim(kStart + seconds(15 * i));
      CHECK(asked.side == asked.ws);
      CHECK(asked.greetings == (asked.ws ? 5 : 2));
      if (asked.ws) thorough.push_back(i);
    }
    REQUIRE(thorough.size() >= 4);
    CHECK(thorough[0] == 0);
    for (std::size_t i = 2; i < thorough.size(); ++i) CHECK(thorough[i] - thorough[i - 1] == 10);
  }
}

TEST_CASE("rounds that connect to nothing do not use up the tenth", "[service][due]") {
  DueStages due(Every(0, 15, 150), 0, {});
  int thorough = 0;
  for (int i = 0; i < 200; ++i) {
    const StagesAsked asked = due.Claim(kStart + seconds(15 * i));
    if (asked.ws) CHECK(asked.mesh);
    thorough += asked.ws ? 1 : 0;
  }
  CHECK(thorough == 2);  // of twenty rounds with mesh
}

TEST_CASE("a run by hand asks for all that is enabled", "[service][due]") {
  DueStages due(Every(15, 0, 15), 0, {.admission = true, .idle = seconds(60)});
  (void)due.Claim(kStart);
  const StagesAsked usual = due.Claim(kStart + seconds(15));
  CHECK_FALSE(usual.admission);
  CHECK(usual.idle == Duration::zero());
  const StagesAsked all = due.ClaimAll(kStart + seconds(16));
  CHECK(all.tls);
  CHECK_FALSE(all.stun);
  CHECK(all.ws);
  CHECK(all.admission);
  CHECK(all.idle == seconds(60));
}

TEST_CASE("a round is the shortest interval in force", "[service][due]") {
  CHECK(RoundOf(Every(60, 0, 30)) == seconds(30));
  CHECK(RoundOf(Every(0, 0, 0)) == seconds(15));
}

TEST_CASE("intervals too short for a fair judgement are warned of", "[service][due]") {
  CHECK(IntervalWarnings(Every(15, 15, 15)).empty());
  CHECK(IntervalWarnings(Every(0, 0, 0)).empty());
  const auto warnings = IntervalWarnings(Every(5, 2, 12));
  REQUIRE(warnings.size() == 3);
  CHECK(warnings[0].starts_with("-mesh-interval 12 s: "));
  CHECK(warnings[1].starts_with("-stun-interval 2 s: "));
  CHECK(warnings[2].starts_with("-tls-interval 5 s: "));
}
