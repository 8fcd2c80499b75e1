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
  std::string Page(std::string open = "") {
    PageOptions options;
    options.vantage = "host";
    options.round = std::chrono::seconds(15);
    options.now = clock.WallNow();
    options.open = std::move(open);
    return StatusPage(*board.State(), options);
  }
};

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

TEST_CASE("thirty regions stay under 60 KB", "[service]") {
  Fixture f(30);
  for (int i = 0; i < 30; ++i) f.Walk(i, i != 3);
  CHECK(f.Page().size() < 60'000);
}

TEST_CASE("a code has a page of its own, an unknown one has none", "[service]") {
  REQUIRE(ExplainPage("cert.expired").has_value());
  CHECK(Has(*ExplainPage("cert.expired"), "<dt>Means</dt>"));
  CHECK_FALSE(ExplainPage("cert.nonsense").has_value());
}
