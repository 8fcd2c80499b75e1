#include "derpprobe/report/json_report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "tests/unit/derpprobe/report/reports.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> Members(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("the document says what was found, in the contract's words", "[derpprobe][json]") {
  const Json out = Json::parse(OnceJson(OneGoodOneBad(), FactsOf(1)));
  CHECK(out["schema"] == "derpprobe.once/1");
  CHECK(out["time"] == "2026-11-21T11:10:23Z");
  CHECK(out["duration_ms"] == 12400.25);
  CHECK(out["verdict"] == "unusable");
  CHECK(out["exit"] == 1);
  CHECK(out["map"]["sources"][0]["age_s"] == 12);
  CHECK(out["counts"]["unusable"] == 1);
  CHECK(out["regions"][0]["verdict"] == "impaired");
  const Json& node = out["nodes"][1];
  CHECK(node["node"] == "5b");
  CHECK(node["relay_rtt_ms"].is_null());
  CHECK(node["stun_rtt_ms"] == 4.2);
  CHECK(node["cert_days_left"] == -2);
  const Json& finding = out["findings"][0];
  CHECK(finding["code"] == "cert.expired");
  CHECK(finding["data"] == Json({{"days_left", -2}}));
  CHECK(finding["not_reached"] == Json({"http", "derp", "relay", "mesh"}));
  CHECK(finding["since"].is_null());
}

TEST_CASE("a stage that was not measured is null with the reason beside it", "[derpprobe][json]") {
  const Json out = Json::parse(OnceJson(OneGoodOneBad(), FactsOf(1)));
  const Json& stages = out["nodes"][1]["stages"];
  CHECK(stages[0] == Json({{"stage", "dns"},
                           {"family", nullptr},
                           {"outcome", "skipped"},
                           {"duration_ms", nullptr},
                           {"reason", "literal"}}));
  CHECK(stages[3] == Json({{"stage", "cert"},
                           {"family", "ipv4"},
                           {"outcome", "fail"},
                           {"duration_ms", 1.0},
                           {"code", "cert.expired"}}));
  CHECK(stages[4] == Json({{"stage", "http"},
                           {"family", "ipv4"},
                           {"outcome", "not_reached"},
                           {"duration_ms", nullptr},
                           {"after", "cert"}}));
}

TEST_CASE("a direction to a node that was not reached says so", "[derpprobe][json]") {
  const Json out = Json::parse(OnceJson(OneGoodOneBad(), FactsOf(1)));
  REQUIRE(out["mesh"].size() == 2);
  CHECK(out["mesh"][0]["from"] == "5a");
  CHECK(out["mesh"][0]["outcome"] == "not_reached");
  CHECK(out["mesh"][0]["after"] == "cert");
  CHECK(out["mesh"][0]["rtt_ms"].is_null());
}

TEST_CASE("the members and their order do not depend on the result", "[derpprobe][json]") {
  const Json bad = Json::parse(OnceJson(OneGoodOneBad(), FactsOf(1)));
  const Json empty = Json::parse(OnceJson(diagnosis::Judge({}), FactsOf(1)));
  CHECK(Members(bad) == Members(empty));
  CHECK(Members(bad["nodes"][0]) == Members(bad["nodes"][1]));
  CHECK(empty["verdict"] == "unknown");
}

TEST_CASE("each line stands alone, and together they hold every finding", "[derpprobe][json]") {
  auto report = OneGoodOneBad();
  diagnosis::Finding note = diagnosis::MakeFinding("map.single_region");
  report.findings.push_back(note);
  const std::string text = OnceJsonLines(report, FactsOf(1));
  const auto lines = Split(text, '\n');
  REQUIRE(lines.size() == 4);
  CHECK(lines[3].empty());
  const Json good = Json::parse(lines[0]);
  const Json bad = Json::parse(lines[1]);
  const Json run = Json::parse(lines[2]);
  CHECK(good["schema"] == "derpprobe.node/1");
  CHECK(good["findings"].empty());
  CHECK(bad["node"] == "5b");
  CHECK(bad["findings"][0]["code"] == "cert.expired");
  CHECK(run["schema"] == "derpprobe.run/1");
  CHECK(run["findings"][0]["code"] == "map.single_region");
  CHECK(run["findings"].size() == 1);
  CHECK(run["exit"] == 1);
}

TEST_CASE("what another side wrote is shown, cut and never breaks the text", "[derpprobe][json]") {
  auto node = HealthyNode("5a\n\x1b[2J\xff", "192.0.2.1");
  node.host = std::string(4000, 'h');
  diagnosis::Finding note = diagnosis::MakeFinding("cert.meta_missing");
  note.fact = "\xfe\xff";
  diagnosis::Recorder(node).Note(note, kV4);
  diagnosis::Measurement measured;
  measured.nodes = {node};
  const Json out = Json::parse(OnceJson(diagnosis::Judge(std::move(measured)), FactsOf(0)));
  CHECK(out["nodes"][0]["node"] == "5a\\x0a\\x1b[2J\\xff");
  CHECK(out["nodes"][0]["host"].get<std::string>().size() < 130);
}

TEST_CASE("pairs of transfers and queues are listed with their units", "[derpprobe][json]") {
  auto report = OneGoodOneBad();
  AddMeasuredPairs(report);
  report.queues[0].p50.reset();
  const Json out = Json::parse(OnceJson(report, FactsOf(1)));
  CHECK(out["bandwidth"][0]["bits_per_second"] == 1e8);
  CHECK(out["bandwidth"][0]["error"].is_null());
  CHECK(out["queue"][0]["p99_ms"] == 8.2);
  CHECK(out["queue"][0]["p50_ms"].is_null());
}

TEST_CASE("the service's document holds the same objects with what it remembers",
          "[derpprobe][json]") {
  const auto report = OneGoodOneBad();
  ReportFacts facts = FactsOf(1);
  facts.took.reset();
  facts.exit.reset();
  Past past;
  past.availability = 0.75;
  past.observed = std::chrono::hours(2);
  ServiceFacts service;
  service.nodes_done = 2;
  service.last_result = facts.time;
  service.interval = std::chrono::seconds(15);
  service.history = [](const diagnosis::Finding&) {
    return FindingHistory{FromUnixSeconds(1'795'250'000), 254};
  };
  service.region_past = [&past](const diagnosis::RegionReport&) { return &past; };
  service.transitions = {
      {facts.time, "fra/5b", "usable → unusable", diagnosis::Verdict::kUnusable}};
  const Json status = Json::parse(StatusJson(report, facts, service));
  const Json once = Json::parse(OnceJson(report, FactsOf(1)));
  CHECK(status["schema"] == "derpprobe.status/1");
  CHECK(status["findings"][0]["rounds"] == 254);
  CHECK(status["findings"][0]["since"] == "2026-11-21T08:33:20Z");
  CHECK(status["regions"][0]["past"] == Json({{"availability_ratio", 0.75}, {"observed_s", 7200}}));
  CHECK(status["nodes"][0]["past"].is_null());
  CHECK(status["nodes"][0]["stages"] == once["nodes"][0]["stages"]);
  CHECK(status["transitions"][0]["state"] == "unusable");
  CHECK_FALSE(status.contains("exit"));
}
