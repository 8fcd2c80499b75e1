#include "derpprobe/service/board.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/derpprobe/service/samples.h"

using namespace derp;
using namespace derp::probe;
using diagnosis::Verdict;

namespace {

struct Fixture {
  derp::test::FakeClock clock;
  Board board{clock, /*mesh_asked=*/false};
  derpmap::DerpMap map = probe::test::SampleMap(2, 1);

  Fixture() { board.SetMap(map, {}, {"file:///map.json", clock.WallNow(), ""}); }
  const derpmap::Region& region(int i) { return map.regions.at(900 + i); }
  void Healthy(int i) {
    board.PublishNode(probe::test::HealthyWalk(region(i), region(i).nodes[0]));
  }
  void Expired(int i) {
    board.PublishNode(probe::test::ExpiredWalk(region(i), region(i).nodes[0]));
  }
};

}  // namespace

TEST_CASE("nodes without a result are counted as not done, never as usable", "[service]") {
  Fixture f;
  CHECK(f.board.State()->nodes_total == 2);
  CHECK(f.board.State()->nodes_done == 0);
  f.Healthy(0);
  CHECK(f.board.State()->nodes_done == 1);
  CHECK(f.board.State()->report.counts.usable == 1);
}

TEST_CASE("a finding keeps the time it began and counts the walks that saw it", "[service]") {
  Fixture f;
  f.Expired(0);
  const WallTime began = f.clock.WallNow();
  CHECK(f.board.State()->report.counts.unusable == 1);
  f.clock.Advance(std::chrono::minutes(1));
  f.Expired(0);
  const auto state = f.board.State();
  const FindingAge* age = state->Age(state->report.findings.at(0));
  REQUIRE(age != nullptr);
  CHECK(age->since == began);
  CHECK(age->rounds == 2);
}

TEST_CASE("changes are remembered, newest first", "[service]") {
  Fixture f;
  f.Healthy(0);
  (void)f.board.State();
  f.Expired(0);
  (void)f.board.State();
  f.Healthy(0);
  const auto transitions = f.board.State()->transitions;
  REQUIRE(transitions.size() == 4);
  CHECK(transitions[0].text == "unusable → usable");
  CHECK(transitions[1].text == "cert.expired ended");
  CHECK(transitions[2].text == "usable → unusable");
  CHECK(transitions[3].text == "cert.expired began");
  CHECK(transitions[3].place == "r0/900a");
}

TEST_CASE("a node that left the map or changed in it loses its result", "[service]") {
  Fixture f;
  f.Healthy(0);
  f.Healthy(1);
  f.map.regions.erase(901);
  f.map.regions.at(900).nodes[0].ipv4 = "192.0.2.77";
  f.board.SetMap(f.map, {}, {"file:///map.json", f.clock.WallNow(), ""});
  CHECK(f.board.State()->nodes_total == 1);
  CHECK(f.board.State()->nodes_done == 0);
  f.board.PublishNode(
      probe::test::HealthyWalk(probe::test::SampleMap(2, 1).regions.at(901),
                               probe::test::SampleMap(2, 1).regions.at(901).nodes[0]));
  CHECK(f.board.State()->nodes_done == 0);
}

TEST_CASE("a failing map fetch keeps what is known and says so", "[service]") {
  Fixture f;
  f.Healthy(0);
  f.board.SetMapState({"file:///map.json", f.clock.WallNow(), "404 Not Found"},
                      {diagnosis::MakeFinding("map.stale")});
  CHECK(f.board.State()->source.failure == "404 Not Found");
  CHECK(f.board.State()->report.counts.warnings == 1);
  CHECK(f.board.State()->nodes_done == 1);
}

TEST_CASE("a mesh that can no longer be measured is forgotten, not shown as it was", "[service]") {
  Fixture f;
  f.Healthy(0);
  diagnosis::MeshReport mesh;
  mesh.region_id = 900;
  mesh.directions.resize(2);
  f.board.PublishMesh(900, mesh);
  CHECK(f.board.State()->report.meshes.size() == 1);
  f.board.PublishMesh(900, std::nullopt);
  CHECK(f.board.State()->report.meshes.empty());
}

TEST_CASE("pairs are judged while they are asked for and the map names their nodes", "[service]") {
  Fixture f;
  f.Healthy(0);
  diagnosis::TransferReport transfer;
  transfer.region = "r0";
  transfer.region_id = 900;
  transfer.from = transfer.to = f.region(0).nodes[0].name;
  transfer.error = "timeout";
  f.board.PublishTransfer(transfer);
  diagnosis::QueueReport queue;
  queue.region_id = 900;
  queue.from = queue.to = transfer.from;
  queue.received = 10;
  f.board.PublishQueue(queue);
  diagnosis::TransferReport stranger = transfer;
  stranger.to = "nobody";
  f.board.PublishTransfer(stranger);
  const diagnosis::PairsAsked both{.bandwidth = true, .queue = true};
  f.board.AskPairs(both);
  const auto state = f.board.State();
  REQUIRE(state->report.transfers.size() == 1);
  CHECK(state->report.transfers[0].code == "bandwidth.failed");
  CHECK(state->report.queues.size() == 1);
  CHECK(state->report.counts.errors == 1);
  f.board.AskPairs({.queue = true});
  CHECK(f.board.State()->report.transfers.empty());
  f.board.SetMap({}, {}, {"file:///map.json", f.clock.WallNow(), ""});
  CHECK(f.board.State()->report.queues.empty());
}
