#include "common/derpmap/reader.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "common/base/defaults.h"
#include "common/derpmap/json_reader.h"
#include "common/derpmap/value.h"
#include "common/derpmap/yaml_reader.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::derpmap;

namespace {

MapDocument MustRead(std::string_view text) {
  const auto document = Read(text);
  INFO((document ? std::string() : document.error().ToString()));
  REQUIRE(document.has_value());
  return *document;
}

std::string ErrorOf(std::string_view text) {
  const auto document = Read(text);
  REQUIRE_FALSE(document.has_value());
  return document.error().ToString();
}

std::vector<std::string> Codes(const MapDocument& document) {
  std::vector<std::string> codes;
  for (const Note& note : document.notes) codes.push_back(note.code);
  return codes;
}

}  // namespace

TEST_CASE("a JSON map is read with every member", "[derpmap]") {
  const MapDocument document = MustRead(test::ReadData("maps/valid.json"));
  CHECK(document.notes.empty());
  REQUIRE(document.map.regions.size() == 2);
  const Region& fra = document.map.regions.at(901);
  CHECK(fra.id == 901);
  CHECK(fra.code == "fra");
  REQUIRE(fra.nodes.size() == 2);
  CHECK(fra.nodes[0].can_port80);
  CHECK(fra.nodes[1].cert_name.starts_with("sha256-raw:"));
  CHECK(fra.nodes[1].EffectiveDerpPort() == 8443);
  CHECK(fra.nodes[1].EffectiveStunPort() == 3479);
  const Region& ams = document.map.regions.at(902);
  CHECK(ams.name == "Amsterdam ä😀");
  CHECK(ams.latitude == Approx(52.37));
  CHECK(ams.no_measure_no_home);
  CHECK_FALSE(ams.nodes[0].EffectiveStunPort().has_value());
  CHECK(document.map.region_score.at(901) == Approx(0.5));
  CHECK(document.map.NodeCount() == 3);
}

TEST_CASE("headscale's YAML is read, with integer and text keys and nulls apart", "[derpmap]") {
  const MapDocument document = MustRead(test::ReadData("maps/headscale.yaml"));
  CHECK(document.notes.empty());
  REQUIRE(document.map.regions.size() == 2);
  CHECK(document.map.null_regions == std::vector<RegionId>{1, 2});
  CHECK(document.map.omit_default_regions);
  CHECK(document.map.regions.at(901).nodes[0].derp_port == 23479);
  CHECK(document.map.regions.at(901).nodes[1].insecure_for_tests);
  CHECK(document.map.regions.at(902).code == "12");
  CHECK(document.map.regions.at(902).nodes[0].can_port80);
  CHECK(document.map.region_score.at(901) == Approx(0.8));
}

TEST_CASE("member names match in any letter case and unknown ones are noted", "[derpmap]") {
  const MapDocument document = MustRead(test::ReadData("maps/odd_members.json"));
  REQUIRE(document.map.regions.count(900) == 1);
  const Node& node = document.map.regions.at(900).nodes.at(0);
  CHECK(node.name == "900a");
  CHECK(node.host_name == "derp.example.org");
  CHECK(node.stun_port == 0);
  CHECK(Codes(document) == std::vector<std::string>(4, "map.unknown_field"));
  CHECK(document.notes[0].region == "own");
  CHECK(document.notes[0].node.empty());
  CHECK(document.notes[1].node == "900a");
  CHECK(std::get<std::string>(document.notes[1].data.at("nearest")) == "HostName");
  CHECK(std::get<std::string>(document.notes[2].data.at("nearest")) == "DERPPort");
  CHECK(
      document.notes[2].fact ==
      "line 2: member \"DerpPorts\" is known to no client and does nothing; the nearest known one "
      "is DERPPort");
  CHECK(document.notes[3].region.empty());
}

TEST_CASE("YAML keys that headscale ignores count here and are noted", "[derpmap]") {
  const MapDocument document = MustRead(test::ReadData("maps/wrong_case.yaml"));
  CHECK(document.map.omit_default_regions);
  CHECK(document.map.regions.at(900).nodes.at(0).host_name == "derp.example.org");
  CHECK(document.notes.size() == 8);
  CHECK(document.notes[0].fact ==
        "line 2: headscale ignores \"OmitDefaultRegions\": it reads the lower-case "
        "omitdefaultregions only");
}

TEST_CASE("ids are put right and every mismatch is noted", "[derpmap]") {
  const MapDocument document = MustRead(test::ReadData("maps/wrong_ids.json"));
  for (const auto& [key, region] : document.map.regions) {
    CHECK(region.id == key);
    for (const Node& node : region.nodes) CHECK(node.region_id == key);
  }
  CHECK(Codes(document) ==
        std::vector<std::string>{"map.region_id_mismatch", "map.node_region_mismatch",
                                 "map.region_id_mismatch", "map.node_region_mismatch"});
  CHECK(document.notes[0].fact == "the key says region 900, RegionID says 1");
  CHECK(document.notes[1].fact == "node a of region 900 says RegionID 1");
  CHECK(document.notes[2].fact == "region 901 has no RegionID");
  CHECK(document.notes[3].fact == "node b of region 901 has no RegionID");
}

TEST_CASE("a wrong type is an error that says where", "[derpmap]") {
  CHECK(ErrorOf(test::ReadData("maps/string_port.json")) ==
        "line 7, column 87: Regions.900.Nodes[0].DERPPort: a string (\"8443\") where an integer "
        "belongs");
  CHECK(ErrorOf(test::ReadData("maps/string_port.yaml")) ==
        "line 9, column 19: Regions.900.Nodes[0].DERPPort: a string (\"8443\") where an integer "
        "belongs");
  CHECK(ErrorOf(R"({"Regions": {"900": {"Avoid": 1}}})") ==
        "line 1, column 31: Regions.900.Avoid: a number (\"1\") where true or false belongs");
  CHECK(ErrorOf(R"({"Regions": {"nine": {}}})") ==
        "line 1, column 14: Regions: key \"nine\" where a region ID (an integer) belongs");
  CHECK(ErrorOf(R"({"Regions": {"9": {"Nodes": [null]}}})") ==
        "line 1, column 30: Regions.9.Nodes[0]: null where a node belongs");
  CHECK(ErrorOf(R"({"Regions": {"9": {"RegionID": 9.0}}})").find("where an integer belongs") !=
        std::string::npos);
  CHECK(ErrorOf("[]") == "line 1, column 1: a list where an object belongs");
}

TEST_CASE("faults of syntax say where", "[derpmap]") {
  CHECK(ErrorOf("{\n  \"Regions\": {\n    oops\n").starts_with("line 3, column 5: syntax error"));
  CHECK(ErrorOf("regions:\n  1: [\n").starts_with("line "));
  CHECK(ErrorOf("<html>no</html>") == "HTML or XML, not a DERP map");
  CHECK(ErrorOf("") == "line 1, column 1: empty text");
  CHECK(ErrorOf("\xef\xbb\xbf{}").find("byte order mark") != std::string::npos);
  CHECK(ErrorOf("just words").find("where an object belongs") != std::string::npos);
}

TEST_CASE("only the first JSON value counts, null leaves things unset, later keys win",
          "[derpmap]") {
  CHECK(MustRead("{} ]]]").map == DerpMap{});
  CHECK(ReadJson("null")->map == DerpMap{});
  CHECK(MustRead(R"({"Regions": null, "HomeParams": null})").map == DerpMap{});
  const MapDocument twice =
      MustRead(R"({"Regions": {"9": {"RegionID": 8}, "09": {"RegionID": 9, "RegionCode": "x"}}})");
  CHECK(twice.map.regions.at(9).code == "x");
  CHECK(twice.notes.empty());
}

TEST_CASE("broken UTF-8 and lone surrogates become the replacement character", "[derpmap]") {
  const MapDocument document = MustRead(
      "{\"Regions\": {\"9\": {\"RegionID\": 9, \"RegionCode\": \"a\xff\", \"RegionName\": "
      "\"\\ud800x\\\\ud800\"}}}");
  CHECK(document.map.regions.at(9).code == "a\xef\xbf\xbd");
  CHECK(document.map.regions.at(9).name == "\xef\xbf\xbdx\\ud800");
}

TEST_CASE("size, depth and number of values are bounded", "[derpmap]") {
  CHECK(ErrorOf(std::string(kMaxDerpMapBytes + 1, ' ')).starts_with("larger than"));
  CHECK(ReadYaml(std::string(kMaxYamlBytes + 1, ' ')).error().what.starts_with("larger than"));
  const std::string deep = "{\"x\": " + std::string(100'000, '[');
  CHECK(ErrorOf(deep).find("nested more than 64 deep") != std::string::npos);
  const std::string closed = std::string(100, '[') + std::string(100, ']');
  CHECK(ErrorOf("x: " + closed).find("nested more than 64 deep") != std::string::npos);
  CHECK_FALSE(ErrorOf("x: " + std::string(100'000, '[')).empty());
  std::string many = "{\"x\": [0";
  for (std::size_t i = 0; i < kMaxValues; ++i) many += ",0";
  CHECK(ErrorOf(many + "]}").find("more than 300000 values") != std::string::npos);
}

TEST_CASE("YAML aliases are followed but cannot multiply without end", "[derpmap]") {
  const MapDocument document = MustRead(
      "regions:\n  9: {regionid: 9, regioncode: &c x, nodes: [&n {name: a, regionid: 9, hostname: "
      "h}]}\n  10: {regionid: 10, regioncode: *c, nodes: [*n]}\n");
  CHECK(document.map.regions.at(10).code == "x");
  CHECK(document.map.regions.at(10).nodes.at(0).host_name == "h");
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string one = "*a" + std::to_string(i - 1);
    std::string list = one;
    for (int k = 0; k < 9; ++k) list += "," + one;
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
  }
  CHECK(ErrorOf(bomb).find("values") != std::string::npos);
}

TEST_CASE("a map cut anywhere is an error or a map, never a crash", "[derpmap]") {
  const auto* const file = GENERATE("maps/valid.json", "maps/headscale.yaml");
  const std::string text = test::ReadData(file);
  std::size_t read = 0;
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const auto document = Read(std::string_view(text).substr(0, cut));
    if (document)
      ++read;
    else
      CHECK_FALSE(document.error().ToString().empty());
  }
  CHECK(read < text.size());
}
