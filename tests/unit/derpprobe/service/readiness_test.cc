#include "derpprobe/service/readiness.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/derpprobe/service/samples.h"

using namespace derp;
using namespace derp::probe;

TEST_CASE("ready is whoever has a map and a fresh result of every node", "[service]") {
  derp::test::FakeClock clock;
  Board board(clock, /*mesh_asked=*/false);
  const auto why = [&] {
    return WhyNotReady(*board.State(), std::chrono::seconds(15), clock.WallNow());
  };
  CHECK(why() == "no DERP map read yet");
  board.SetMapState({"file:///map.json", std::nullopt, "404 Not Found"}, {});
  CHECK(why() == "no DERP map read yet: 404 Not Found");
  board.SetMap({}, {}, {"file:///map.json", clock.WallNow(), ""});
  CHECK(why() == "the DERP map has no node to probe");
  const derpmap::DerpMap map = probe::test::SampleMap(1, 2);
  board.SetMap(map, {}, {"file:///map.json", clock.WallNow(), ""});
  const auto& region = map.regions.at(900);
  board.PublishNode(probe::test::HealthyWalk(region, region.nodes[0]));
  CHECK(why() == "first round: 1 of 2 nodes done");
  board.PublishNode(probe::test::ExpiredWalk(region, region.nodes[1]));
  CHECK(why().empty());
  clock.Advance(std::chrono::seconds(46));
  CHECK(why().starts_with("no result since "));
}
