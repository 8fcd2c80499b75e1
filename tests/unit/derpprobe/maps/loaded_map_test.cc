#include "derpprobe/maps/loaded_map.h"

#include <set>

#include <catch2/catch.hpp>

#include "common/derpmap/reader.h"

using namespace derp;
using namespace derp::probe;

namespace {

using Codes = std::multiset<std::string>;

// Regions 900 "lab" and 901 "den" with one node each, both called "a"; 902 is switched off.
constexpr const char* kMap = R"({"Regions":{
  "900":{"RegionID":900,"RegionCode":"lab","Nodes":[{"Name":"a","RegionID":900,
    "HostName":"a.example.net","IPv4":"192.0.2.1","IPv6":"none","DERPPort":70000}]},
  "901":{"RegionID":901,"RegionCode":"den","Nodes":[{"Name":"a","RegionID":901,
    "HostName":"b.example.net","IPv4":"192.0.2.2","IPv6":"none"}]},
  "902":null}})";

Expected<LoadedMap, Error> Make(const RegionFilter& filter, std::string_view text = kMap) {
  const auto document = derpmap::Read(text);
  REQUIRE(document);
  return MakeMap({{"own.json", *document}}, filter);
}

Codes CodesOf(const LoadedMap& map) {
  Codes codes;
  for (const auto& note : map.notes) codes.insert(note.code);
  return codes;
}

std::string ErrorOf(const RegionFilter& filter) {
  const auto map = Make(filter);
  REQUIRE_FALSE(map);
  CHECK(map.error().code == ErrorCode::kNotFound);
  return map.error().context;
}

}  // namespace

TEST_CASE("without a filter every region and every finding is there", "[derpprobe][maps]") {
  const auto map = Make({});
  REQUIRE(map);
  CHECK(map->merged.document.map.NodeCount() == 2);
  CHECK(CodesOf(*map) == Codes{"map.bad_port", "map.duplicate_node", "map.null_region"});
}

TEST_CASE("regions are selected by code or number, findings with them", "[derpprobe][maps]") {
  const RegionFilter filters[] = {
      {{"den"}, {}}, {{"901"}, {}}, {{}, {"lab", "902"}}, {{"den", "lab"}, {"900"}}};
  for (const RegionFilter& filter : filters) {
    const auto map = Make(filter);
    REQUIRE(map);
    CHECK(map->merged.document.map.regions.size() == 1);
    CHECK(map->merged.document.map.regions.contains(901));
    CHECK(map->merged.source_of.size() == 1);
    CHECK(CodesOf(*map).empty());
  }
  const auto map = Make({{}, {"den"}});
  REQUIRE(map);
  CHECK(CodesOf(*map) == Codes{"map.bad_port", "map.null_region"});
}

TEST_CASE("what is said of the map as a whole stays", "[derpprobe][maps]") {
  const char* text = R"({"Region":{},"Regions":{
    "900":{"RegionID":900,"RegionCode":"lab","Nodes":[{"Name":"a","RegionID":900,
      "HostName":"a.example.net","IPv4":"192.0.2.1"}]},
    "901":{"RegionID":901,"RegionCode":"den","Nodes":[]}}})";
  const auto lab = Make({{"lab"}, {}}, text);
  REQUIRE(lab);
  CHECK(CodesOf(*lab) == Codes{"map.unknown_field"});
  const auto den = Make({{"den"}, {}}, text);
  REQUIRE(den);
  CHECK(CodesOf(*den) == Codes{"map.empty", "map.unknown_field"});
}

TEST_CASE("a name that matches nothing is an error, not an empty check", "[derpprobe][maps]") {
  CHECK(ErrorOf({{"lab", "LAB"}, {}}) == "-region-code LAB: no such region in the map");
  CHECK(ErrorOf({{}, {"903"}}) == "-exclude-region 903: no such region in the map");
  CHECK(ErrorOf({{}, {"lab", "901"}}) ==
        "-region-code and -exclude-region leave no region of the map");
}

TEST_CASE("a name that several sources use earns no region the mesh key", "[derpprobe][maps]") {
  const auto source = [](int id, std::string_view code) {
    derpmap::SourcedMap made{"map", {}};
    derpmap::Region region;
    region.id = id;
    region.code = code;
    made.document.map.regions[id] = region;
    return made;
  };
  const auto same_number = MakeMap({source(900, "own"), source(900, "theirs")}, {});
  REQUIRE(same_number);
  CHECK_FALSE(same_number->MayHaveKey(900));
  const auto same_code = MakeMap({source(900, "own"), source(1, "own"), source(2, "far")}, {});
  REQUIRE(same_code);
  CHECK_FALSE(same_code->MayHaveKey(900));
  CHECK_FALSE(same_code->MayHaveKey(1));
  CHECK(same_code->MayHaveKey(2));
  const auto number_as_code = MakeMap({source(900, "own"), source(1, "900")}, {});
  REQUIRE(number_as_code);
  CHECK_FALSE(number_as_code->MayHaveKey(900));
  CHECK_FALSE(number_as_code->MayHaveKey(1));
}
