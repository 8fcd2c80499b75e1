#include "derpprobe/service/status_page.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/unit/derpprobe/service/samples.h"

using namespace derp;
using namespace derp::probe;

namespace {

struct Fixture {
  derp::test::FakeClock clock;
  Board board{clock, /*mesh_asked=*/false};
  derpmap::DerpMap map;

  explicit Fixture(int regions) : map(probe::test::SampleMap(regions, 1)) {
    board.SetMap(map, {}, {"https://maps.example.net/<map>", clock.WallNow(), ""});
  }
  void Walk(int i, bool healthy = true) {
    const auto& region = map.regions.at(900 + i);
    board.PublishNode(healthy ? probe::test::HealthyWalk(region, region.nodes[0])
                              : probe::test::ExpiredWalk(region, region.nodes[0]));
  }
  std::string Page(std::string open = "") { return Page(*board.State(), std::move(open)); }
  std::string Page(const BoardState& state, std::string open = "") {
    PageOptions options;
    options.vantage = "host";
    options.round = std::chrono::seconds(15);
    options.now = clock.WallNow();
    options.open = std::move(open);
    return StatusPage(state, options);
  }
};

// A day of changing round trips, with a spell of trouble every three hours.
Past RestlessDay(WallTime now) {
  Past past;
  past.availability = 0.99975;
  past.observed = std::chrono::hours(24 * 12);
  const std::int64_t newest = UnixSeconds(now) / 900;
  for (std::int64_t i = 0; i < 96; ++i) {
    PastBucket bucket;
    bucket.number = newest - 95 + i;
    bucket.rounds = 60;
    bucket.worst = i % 12 != 0 ? diagnosis::Verdict::kUsable : diagnosis::Verdict::kImpaired;
    bucket.p10 = std::chrono::milliseconds(20 + i % 7);
    bucket.median = std::chrono::milliseconds(30 + i % 5);
    bucket.p90 = std::chrono::milliseconds(40 + i % 11);
    bucket.sent = 100;
    bucket.lost = i % 3 == 0 ? 1 : 0;
    past.day.push_back(bucket);
  }
  return past;
}

bool Has(const std::string& page, std::string_view text) {
  return page.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("the title starts with mark and count", "[service]") {
  Fixture f(2);
  CHECK(Has(f.Page(), "<title>? 0 of 2 nodes done"));
  f.Walk(0);
  f.Walk(1);
  CHECK(Has(f.Page(), "<title>✓ 2 usable"));
  f.Walk(1, false);
  CHECK(Has(f.Page(), "<title>✕ 1 unusable"));
  CHECK(Has(f.Page(), "Worst: <a href=\"#r901\">r1</a> – certificate expired 2 days ago."));
}

TEST_CASE("an empty map says where it came from and is never green", "[service]") {
  Fixture f(0);
  const std::string page = f.Page();
  CHECK(Has(page, "<title>? no nodes"));
  CHECK(Has(page, "https://maps.example.net/&lt;map&gt;"));
}

TEST_CASE("before the first map the page says that it is starting", "[service]") {
  const derp::test::FakeClock clock;
  Board board(clock, /*mesh_asked=*/false);
  PageOptions options;
  options.now = clock.WallNow();
  CHECK(Has(StatusPage(*board.State(), options), "<title>? starting"));
}

TEST_CASE("three rounds without a result are stale, never green", "[service]") {
  Fixture f(1);
  f.Walk(0);
  (void)f.board.State();
  f.clock.Advance(std::chrono::seconds(46));
  CHECK(Has(f.Page(), "No result since "));
}

TEST_CASE("what other machines said is escaped", "[service]") {
  Fixture f(1);
  f.Walk(0, false);
  const std::string page = f.Page();
  CHECK_FALSE(Has(page, "<script"));
  CHECK(Has(page, "&lt;script&gt;alert(1)"));
  CHECK(Has(page, "Region &lt;0&gt;"));
}

TEST_CASE("regions in trouble come open, the others closed unless asked for", "[service]") {
  Fixture f(2);
  f.Walk(0);
  f.Walk(1, false);
  CHECK(Has(f.Page(), "<details id=\"r901\" open>"));
  CHECK(Has(f.Page(), "<details id=\"r900\">"));
  CHECK(Has(f.Page("r0"), "<details id=\"r900\" open>"));
}

TEST_CASE("thirty regions stay under 60 KB, with a day behind each", "[service]") {
  Fixture f(30);
  for (int i = 0; i < 30; ++i) f.Walk(i, i % 10 != 3);
  BoardState state = *f.board.State();
  const auto past = std::make_shared<Past>(RestlessDay(f.clock.WallNow()));
  for (int i = 0; i < 30; ++i) {
    state.region_past[900 + i] = past;
    state.node_past[{900 + i, std::to_string(900 + i) + "a"}] = past;
  }
  for (auto& node : state.report.nodes) {
    const auto stages = node.stages;
    for (auto stage : stages) {
      if (!stage.family) continue;
      stage.family = AddressFamily::kIpv6;
      node.stages.push_back(stage);
    }
  }
  const std::string page = f.Page(state);
  CHECK(page.size() < 60'000);
  CHECK(Has(page, "Round trip through 903a"));
  CHECK(Has(page, "/?open=r29#r929"));
  CHECK(Has(page, "99.97 %"));
  CHECK(Has(f.Page(state, "r29"), "Round trip through 929a"));
}
