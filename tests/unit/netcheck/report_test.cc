#include <catch2/catch.hpp>

#include "netcheck/report/json.h"
#include "netcheck/report/text.h"
#include "netcheck/report/words.h"
#include "tests/support/vectors.h"
#include "tests/unit/netcheck/sample.h"

namespace derp::netcheck {
namespace {

using namespace std::chrono_literals;
using derp::test::ReadJson;

constexpr std::chrono::seconds kZone = -7h;

std::string LineOf(const std::string& text, std::string_view name) {
  const std::size_t start = text.find("\t* " + std::string(name) + ":");
  if (start == std::string::npos) return "(absent)";
  return text.substr(start, text.find('\n', start) - start);
}

std::string Line(const Report& report, std::string_view name) {
  return LineOf(FormatText(report, test::SampleMap(), {}), name);
}

}  // namespace

TEST_CASE("latency cells and times are Go's", "[netcheck]") {
  const auto vectors = ReadJson("netcheck.json");
  for (const auto& cell : vectors.at("latency_cell")) {
    CAPTURE(cell);
    const std::string text = LatencyText(Duration(cell.at("ns").get<std::int64_t>()));
    CHECK(text == cell.at("text"));
    CHECK(PadRight(text, 7) == cell.at("padded"));
  }
  for (const auto& line : vectors.at("time_line")) {
    CAPTURE(line);
    CHECK(TimeText(WallTime(Duration(line.at("unix_ns").get<std::int64_t>())),
                   std::chrono::seconds(line.at("offset_s").get<int>())) == line.at("text"));
  }
}

TEST_CASE("a whole report is the known text", "[netcheck]") {
  CHECK(FormatText(test::SampleReport(), test::SampleMap(), {.verbose = false, .zone = kZone}) ==
        "\nReport:\n"
        "\t* Time: 2026-06-01 14:12:32.252620138-07:00\n"
        "\t* UDP: true\n"
        "\t* IPv4: yes, 203.0.113.7:50713\n"
        "\t* IPv6: no, but OS has support\n"
        "\t* MappingVariesByDestIP: false\n"
        "\t* PortMapping: NAT-PMP\n"
        "\t* Nearest DERP: Tencent Guangzhou\n"
        "\t* DERP latency:\n"
        "\t\t-  gz: 8.5ms   (Tencent Guangzhou)\n"
        "\t\t- tok: 96.6ms  (Tokyo)\n"
        "\t\t- ams: 265ms   (Amsterdam)\n"
        "\t\t- sin:         (Singapore)\n");
}

TEST_CASE("verbose rows name the region's id", "[netcheck]") {
  const std::string text = FormatText(test::SampleReport(), test::SampleMap(), {true, kZone});
  CHECK(text.find("\t\t-  gz: 8.5ms   (derp900, Tencent Guangzhou)\n") != std::string::npos);
  CHECK(text.find("\t\t- sin:         (derp3, Singapore)\n") != std::string::npos);
}

TEST_CASE("without any reply there is no table", "[netcheck]") {
  Report report;
  report.now = WallTime(1h);
  CHECK(FormatText(report, test::SampleMap(), {}) ==
        "\nReport:\n"
        "\t* Time: 1970-01-01 01:00:00Z\n"
        "\t* UDP: false\n"
        "\t* IPv4: (no addr found)\n"
        "\t* IPv6: no, unavailable in OS\n"
        "\t* MappingVariesByDestIP: \n"
        "\t* PortMapping: not checked\n"
        "\t* Nearest DERP: unknown (no response to latency probes)\n");
}

TEST_CASE("each line says what is known", "[netcheck]") {
  Report report = test::SampleReport();
  report.ipv6 = true;
  CHECK(Line(report, "IPv6") == "\t* IPv6: (no addr found)");
  report.global_v6 = test::At("[2001:db8::7]:41641");
  CHECK(Line(report, "IPv6") == "\t* IPv6: yes, [2001:db8::7]:41641");
  report.mapping_varies_by_dest_ip = true;
  CHECK(Line(report, "MappingVariesByDestIP") == "\t* MappingVariesByDestIP: true");
  report.upnp = true;
  report.pcp = true;
  CHECK(Line(report, "PortMapping") == "\t* PortMapping: UPnP, NAT-PMP, PCP");
  report.upnp = report.pmp = report.pcp = false;
  CHECK(Line(report, "PortMapping") == "\t* PortMapping: ");
  CHECK(Line(report, "CaptivePortal") == "(absent)");
  report.captive_portal = false;
  CHECK(Line(report, "CaptivePortal") == "\t* CaptivePortal: false");
  report.preferred_derp = 77;
  CHECK(Line(report, "Nearest DERP") == "\t* Nearest DERP: 77 (region not found in map)");
  report.preferred_derp = 0;
  CHECK(Line(report, "Nearest DERP") == "\t* Nearest DERP: [none]");
}

TEST_CASE("microseconds and wide characters keep the columns", "[netcheck]") {
  Report report = test::SampleReport();
  report.region_latency[2] = 900us;
  derpmap::DerpMap map = test::SampleMap();
  map.regions[2].code = "ö";
  map.regions[2].name = "a\nb";
  CHECK(FormatText(report, map, {}).find("\t\t-   ö: 900µs   (a\\x0ab)\n") != std::string::npos);
}

TEST_CASE("regions are ordered by latency, then by id", "[netcheck]") {
  Report report;
  report.region_latency = {{1, 5s}, {2, 3s}, {3, 6s}, {4, 0s}, {5, 2s}};
  derpmap::DerpMap map;
  for (RegionId id = 1; id <= 7; ++id) map.regions[id].id = id;
  CHECK(RegionsByLatency(report, map) == std::vector<RegionId>{4, 5, 2, 1, 3, 6, 7});
  report.region_latency = {{3, 1s}, {2, 1s}};
  CHECK(RegionsByLatency(report, map) == std::vector<RegionId>{2, 3, 1, 4, 5, 6, 7});
}

TEST_CASE("one line of JSON is the reference's, byte for byte", "[netcheck]") {
  const std::string sample = ReadJson("netcheck.json").at("json_line_sample");
  CHECK(FormatJson(test::SampleReport(), JsonLayout::kOneLine) == sample + "\n");
}

TEST_CASE("indented JSON has a tab for each level and says nothing else", "[netcheck]") {
  const std::string text = FormatJson(test::SampleReport(), JsonLayout::kIndented);
  CHECK(text.starts_with("{\n\t\"Now\": \"2026-06-01T21:12:32.252620138Z\",\n\t\"UDP\": true,\n"));
  CHECK(text.find(
            "\t\"RegionLatency\": {\n\t\t\"10\": 265000000,\n\t\t\"2\": 96600000,\n\t\t\"900\": "
            "8512345\n\t},\n\t\"RegionV4Latency\"") != std::string::npos);
  CHECK(text.find("\t\"RegionV6Latency\": {},\n") != std::string::npos);
  CHECK(text.ends_with("\t\"CaptivePortal\": null\n}\n"));
  CHECK(nlohmann::json::parse(text) ==
        nlohmann::json::parse(FormatJson(test::SampleReport(), JsonLayout::kOneLine)));
}

}  // namespace derp::netcheck
