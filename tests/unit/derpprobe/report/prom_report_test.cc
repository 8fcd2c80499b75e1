#include "derpprobe/report/prom_report.h"

#include <catch2/catch.hpp>

#include "common/base/text.h"
#include "tests/unit/derpprobe/report/reports.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;

namespace {

bool Has(const std::string& text, std::string_view line) {
  const auto lines = Split(text, '\n');
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

}  // namespace

TEST_CASE("the textfile tells the run and each node", "[derpprobe][prom]") {
  const std::string text = PromText(OneGoodOneBad(), FactsOf(1));
  CHECK(Has(text, "derpprobe_last_run_timestamp_seconds 1795259423"));
  CHECK(Has(text, "derpprobe_last_run_duration_seconds 12.40025"));
  CHECK(Has(text, "derpprobe_last_run_exit_status 1"));
  CHECK(Has(text, "derpprobe_node_usable{node=\"5a\",region=\"fra\",region_id=\"5\"} 1"));
  CHECK(Has(text, "derpprobe_node_usable{node=\"5b\",region=\"fra\",region_id=\"5\"} 0"));
  CHECK(Has(text,
            "derpprobe_finding{code=\"cert.expired\",node=\"5b\",region=\"fra\","
            "region_id=\"5\",severity=\"error\"} 1"));
  CHECK(Has(text,
            "derpprobe_stage_result{family=\"ipv4\",node=\"5b\",region=\"fra\","
            "region_id=\"5\",stage=\"cert\"} 0"));
  CHECK_FALSE(text.find("stage=\"http\"") == std::string::npos);
  CHECK(text.find("node=\"5b\",region=\"fra\",region_id=\"5\",stage=\"http\"") ==
        std::string::npos);  // not reached: absent
}

TEST_CASE("a foreign name cannot break the exposition", "[derpprobe][prom]") {
  const std::string text = PromText(JudgeNodes({HealthyNode("5\"a\n\\", "192.0.2.1")}), FactsOf(0));
  CHECK(text.find("node=\"5\\\"a\\n\\\\\"") != std::string::npos);
  for (const std::string_view line : Split(text, '\n')) {
    const bool known = line.empty() || line[0] == '#' || line.starts_with("derpprobe_");
    CHECK(known);
  }
}
