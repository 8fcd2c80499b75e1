// Faults between the relays of a region, over real links that fail as told.
#include <stdexcept>

#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/mesh_hub.h"

using namespace derp;
using namespace derp::diagnosis;
using test::MeshHub;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;

RunReport WalkMesh(const std::vector<std::string>& names, MeshHub::Rule rule,
                   Duration cap = std::chrono::milliseconds(800)) {
  const MeshHub hub(names, std::move(rule));
  WalkFixture fixture;
  fixture.context.caps.mesh = cap;
  return hub.Walk(fixture);
}

const NodeReport& NodeOf(const RunReport& report, std::string_view name) {
  for (const NodeReport& node : report.nodes) {
    if (node.node == name) return node;
  }
  throw std::runtime_error("no such node");
}

}  // namespace

TEST_CASE("links that carry everything are a whole mesh", "[diagnosis][mesh]") {
  const RunReport report =
      WalkMesh({"1a", "1b", "1c"}, [](const auto&, const auto&, int) { return true; });
  CHECK(test::CodesOf(report).empty());
  CHECK(report.counts.mesh_working == 6);
  CHECK(report.counts.usable == 3);
  CHECK(report.regions[0].verdict == Verdict::kUsable);
  REQUIRE(report.meshes.size() == 1);
  CHECK(report.meshes[0].Find("1a", "1b")->received == 20);
}

TEST_CASE("a link that carries one way only is mesh.one_way of the sender", "[diagnosis][mesh]") {
  const RunReport report =
      WalkMesh({"1a", "1b"}, [](const auto& from, const auto&, int) { return from != "1b"; });
  REQUIRE(test::CodesOf(report) == Texts{"mesh.one_way"});
  CHECK(report.findings[0].node == "1b");
  CHECK(report.findings[0].peers == Texts{"1a"});
  CHECK(NodeOf(report, "1b").verdict == Verdict::kImpaired);
  CHECK(NodeOf(report, "1a").verdict == Verdict::kUsable);
  CHECK(report.regions[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 1);
}

TEST_CASE("a sender nobody hears is one finding with all its peers", "[diagnosis][mesh]") {
  const RunReport report =
      WalkMesh({"1a", "1b", "1c"}, [](const auto& from, const auto&, int) { return from != "1a"; });
  REQUIRE(test::CodesOf(report) == Texts{"mesh.one_way"});
  CHECK(report.findings[0].node == "1a");
  CHECK(report.findings[0].peers == Texts{"1b", "1c"});
  CHECK(report.counts.usable == 2);
}

TEST_CASE("a node cut off from the others is not meshed, its mates are unharmed",
          "[diagnosis][mesh]") {
  const RunReport report = WalkMesh({"1a", "1b", "1c"}, [](const auto& from, const auto& to, int) {
    return from != "1c" && to != "1c";
  });
  REQUIRE(test::CodesOf(report) == Texts{"mesh.not_meshed"});
  CHECK(report.findings[0].node == "1c");
  CHECK(report.findings[0].peers == Texts{"1a", "1b"});
  CHECK(NodeOf(report, "1a").verdict == Verdict::kUsable);
  CHECK(NodeOf(report, "1c").verdict == Verdict::kImpaired);
}

TEST_CASE("a region without any link is one finding without a node", "[diagnosis][mesh]") {
  const RunReport report =
      WalkMesh({"1a", "1b", "1c"}, [](const auto&, const auto&, int) { return false; });
  REQUIRE(test::CodesOf(report) == Texts{"mesh.not_meshed"});
  CHECK(report.findings[0].node.empty());
  CHECK(report.findings[0].peers.size() == 3);
  CHECK(report.counts.impaired == 3);
}

TEST_CASE("packets lost between two relays are mesh.loss, once for the pair", "[diagnosis][mesh]") {
  const RunReport report = WalkMesh(
      {"1a", "1b"}, [](const auto&, const auto&, int number) { return number % 7 != 6; },
      std::chrono::seconds(8));
  REQUIRE(test::CodesOf(report) == Texts{"mesh.loss"});
  CHECK(report.findings[0].node == "1a");
  CHECK(report.counts.mesh_working == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("relays that learn of each other late are mesh.slow", "[diagnosis][mesh]") {
  std::optional<TimePoint> first;
  const RunReport report = WalkMesh(
      {"1a", "1b"},
      [&first](const auto&, const auto&, int) {
        const TimePoint now = SystemClock().Now();
        if (!first) first = now;
        return now - *first > std::chrono::milliseconds(2300);
      },
      std::chrono::seconds(8));
  REQUIRE(test::CodesOf(report) == Texts{"mesh.slow"});
  CHECK(report.counts.impaired == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a relay that ends connections under the mesh's packets is relay.closed",
          "[diagnosis][mesh]") {
  const RunReport report =
      WalkMesh({"1a", "1b"}, [](const auto& from, const auto&, int number) -> bool {
        if (from == "1a" && number > 3) throw std::runtime_error("enough");
        return true;
      });
  CHECK(test::CodesOf(report) == Texts{"relay.closed"});
  CHECK(NodeOf(report, "1a").verdict == Verdict::kUnusable);
  CHECK(NodeOf(report, "1b").verdict == Verdict::kUsable);
}
