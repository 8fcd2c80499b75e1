#include "derpprobe/service/chronicler.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/node_reports.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/derpprobe/service/samples.h"

using namespace derp;
using namespace derp::probe;
using diagnosis::Verdict;

namespace {

// Nothing answers, by TCP or STUN.
diagnosis::NodeReport SilentWalk(const derpmap::Region& region, const derpmap::Node& node) {
  auto report = derp::test::NamedNode(node.name, node.ipv4, region.code, region.id);
  derp::test::AddChain(report, derp::test::kV4, "tcp.timeout");
  derp::test::AddRelayNotReached(report, diagnosis::Stage::kTcp);
  derp::test::AddStun(report, derp::test::kV4, "stun.no_reply");
  return report;
}

// A service's memory without its threads: rounds are published and looked at by hand.
struct Service {
  derp::test::FakeClock& clock;
  derpmap::DerpMap map;
  std::vector<std::string> logged;
  Logger logger{[this](LogLevel, std::string_view text) { logged.emplace_back(text); }};
  Board board{clock, /*mesh_asked=*/false};
  std::unique_ptr<AlertDesk> desk;
  std::unique_ptr<Chronicler> chronicler;

  Service(derp::test::FakeClock& used, int nodes, const std::string& state_dir = "")
      : clock(used), map(probe::test::SampleMap(1, nodes)) {
    auto made = AlertDesk::Make({}, clock, logger);
    REQUIRE(made);
    desk = std::move(*made);
    auto chronicle = Chronicler::Make({.state_dir = state_dir,
                                       .alert_rule = {},
                                       .round = [] { return std::chrono::seconds(15); }},
                                      board, *desk, clock, logger);
    REQUIRE(chronicle);
    chronicler = std::move(*chronicle);
    UseMap();
  }
  void UseMap() { board.SetMap(map, {}, {}); }
  const derpmap::Region& region() const { return map.regions.begin()->second; }
  // One round: a letter per node, h healthy, x expired, s silent.
  void Round(std::string_view nodes) {
    clock.Advance(std::chrono::seconds(15));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto& node = region().nodes[i];
      if (nodes[i] == 'h') board.PublishNode(probe::test::HealthyWalk(region(), node));
      if (nodes[i] == 'x') board.PublishNode(probe::test::ExpiredWalk(region(), node));
      if (nodes[i] == 's') board.PublishNode(SilentWalk(region(), node));
    }
    chronicler->Look();
  }
  std::vector<std::string> Alerts() const {
    std::vector<std::string> alerts;
    for (const std::string& line : logged) {
      if (!line.starts_with("alert: ")) continue;
      const std::size_t end = line.find(" (");
      alerts.push_back(line.substr(7, end == std::string::npos ? end : end - 7));
    }
    return alerts;
  }
  std::uint32_t Rounds(const PlaceKey& place) {
    const auto past = board.history().PastOf(place, clock.WallNow());
    std::uint32_t rounds = 0;
    for (const PastBucket& bucket : past->day) rounds += bucket.rounds;
    return rounds;
  }
};

}  // namespace

TEST_CASE("every walk and every region's round is remembered once", "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 2);
  service.Round("hh");
  service.Round("hx");
  service.chronicler->Look();  // nothing new
  CHECK(service.Rounds({900, "900a"}) == 2);
  CHECK(service.Rounds({900, "900b"}) == 2);
  CHECK(service.Rounds({900, ""}) == 2);
  const auto state = service.board.StateWithPast();
  CHECK(state->region_past.at(900)->day.at(0).worst == Verdict::kImpaired);
  CHECK(state->node_past.at({900, "900b"})->availability == 0.5);
  CHECK(service.board.State()->region_past.empty());
}

TEST_CASE("a round that only a part of the region has finished is none of the region's",
          "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 2);
  service.Round("hh");
  service.Round("h");
  CHECK(service.Rounds({900, "900a"}) == 2);
  CHECK(service.Rounds({900, ""}) == 1);
}

TEST_CASE("a node's trouble alerts once, and its region's when all nodes share it", "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 2);
  for (int i = 0; i < 5; ++i) service.Round("hx");
  CHECK(service.Alerts() == std::vector<std::string>{"r0/900b is down"});
  for (int i = 0; i < 3; ++i) service.Round("xx");
  CHECK(service.Alerts() ==
        std::vector<std::string>{"r0/900b is down", "r0/900a is down", "r0 is down"});
  for (int i = 0; i < 3; ++i) service.Round("hh");
  CHECK(service.Alerts().size() == 6);
  CHECK(service.Alerts().back() == "r0 has recovered");
}

TEST_CASE("a region of one node alerts once", "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 1);
  for (int i = 0; i < 5; ++i) service.Round("x");
  CHECK(service.Alerts() == std::vector<std::string>{"r0/900a is down"});
}

TEST_CASE("when nothing answers at all the prober is told as cut off, and no relay", "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 2);
  service.Round("hh");
  for (int i = 0; i < 6; ++i) service.Round("ss");
  CHECK(service.Alerts() ==
        std::vector<std::string>{"prober is cut off: nothing is known of the relays"});
  CHECK(service.Rounds({900, "900a"}) == 1);  // unknown is no data
  for (int i = 0; i < 5; ++i) service.Round("hh");
  CHECK(service.Alerts().size() == 2);
  CHECK(service.Alerts().back() == "prober has recovered");
}

TEST_CASE("when one of two relays is silent it is the relay's fault", "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 2);
  for (int i = 0; i < 3; ++i) service.Round("hs");
  CHECK(service.Alerts() == std::vector<std::string>{"r0/900b is down"});
}

TEST_CASE("a node that leaves the map ends its alert", "[service]") {
  derp::test::FakeClock clock;
  Service service(clock, 2);
  for (int i = 0; i < 3; ++i) service.Round("hx");
  service.map.regions.begin()->second.nodes.pop_back();
  service.UseMap();
  service.Round("h");
  CHECK(service.Alerts().back() == "r0/900b is no longer in the map");
}

TEST_CASE("a restart keeps rounds, transitions, ages and alerts", "[service]") {
  derp::test::FakeClock clock;
  const derp::test::TemporaryDirectory directory;
  WallTime since;
  {
    Service service(clock, 1, directory / "state");
    service.Round("h");
    for (int i = 0; i < 4; ++i) service.Round("x");
    const auto state = service.board.State();
    since = state->Age(state->report.findings.at(0))->since;
    service.chronicler->Stop();
  }
  clock.Advance(std::chrono::minutes(20));
  Service service(clock, 1, directory / "state");
  {
    const auto state = service.board.State();
    REQUIRE_FALSE(state->transitions.empty());
    CHECK(state->transitions.back().text == "cert.expired began");
  }
  service.Round("x");
  const auto state = service.board.StateWithPast();
  const FindingAge* age = state->Age(state->report.findings.at(0));
  REQUIRE(age != nullptr);
  CHECK(UnixSeconds(age->since) == UnixSeconds(since));
  CHECK(age->rounds == 5);
  int began = 0;
  for (const Transition& transition : state->transitions) {
    began += transition.text == "cert.expired began" ? 1 : 0;
  }
  CHECK(began == 1);  // it goes on, it does not begin again
  CHECK(state->node_past.at({900, "900a"})->day.size() == 2);
  CHECK(service.Rounds({900, "900a"}) == 6);
  for (int i = 0; i < 4; ++i) service.Round("x");
  CHECK(service.Alerts().empty());  // it was told before
  for (int i = 0; i < 3; ++i) service.Round("h");
  CHECK(service.Alerts() == std::vector<std::string>{"r0/900a has recovered"});
}

TEST_CASE("what ended while the service was down is told as ended", "[service]") {
  derp::test::FakeClock clock;
  const derp::test::TemporaryDirectory directory;
  {
    Service service(clock, 1, directory / "state");
    service.Round("x");
    service.chronicler->Stop();
  }
  Service service(clock, 1, directory / "state");
  service.Round("h");
  CHECK(service.board.State()->transitions.front().text == "cert.expired began");
  service.Round("h");
  const auto state = service.board.State();
  CHECK(state->transitions.front().text == "cert.expired ended");
  CHECK(state->transitions.front().place == "r0/900a");
}

TEST_CASE("a directory that another service holds is refused", "[service]") {
  derp::test::FakeClock clock;
  const derp::test::TemporaryDirectory directory;
  Service service(clock, 1, directory / "state");
  const auto second =
      Chronicler::Make({.state_dir = directory / "state", .alert_rule = {}, .round = {}},
                       service.board, *service.desk, clock, service.logger);
  REQUIRE_FALSE(second);
  CHECK(second.error().context.find("another derpprobe") != std::string::npos);
}
