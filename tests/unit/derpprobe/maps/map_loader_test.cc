#include "derpprobe/maps/map_loader.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::probe;

namespace {

constexpr const char* kMap = R"({"Regions":{
  "900":{"RegionID":900,"RegionCode":"lab","RegionName":"Lab","Nodes":[{"Name":"900a","RegionID":900,
    "HostName":"192.0.2.1","IPv4":"192.0.2.1","IPv6":"none"}]},
  "901":{"RegionID":901,"RegionCode":"den","RegionName":"Den","Nodes":[{"Name":"901a","RegionID":901,
    "HostName":"192.0.2.2","IPv4":"192.0.2.2","IPv6":"none"}]}}})";

class MapFile {
 public:
  explicit MapFile(std::string_view text) : path_(directory_ / "map.json") {
    std::ofstream(path_) << text;
  }
  Expected<LoadedMap, Error> Load() const {
    return LoadMap({path_}, SystemClock().Now() + std::chrono::seconds(5));
  }
  const std::string& path() const { return path_; }

 private:
  test::TemporaryDirectory directory_;
  std::string path_;
};

}  // namespace

TEST_CASE("a bare path and a file URL are the same map", "[derpprobe][maps]") {
  const MapFile file(kMap);
  const auto map = file.Load();
  REQUIRE(map);
  CHECK(map->merged.document.map.NodeCount() == 2);
  const auto again =
      LoadMap({"file://" + file.path()}, SystemClock().Now() + std::chrono::seconds(5));
  REQUIRE(again);
  CHECK(again->merged.document.map == map->merged.document.map);
}

TEST_CASE("a broken map is an error that names the place", "[derpprobe][maps]") {
  const auto map = MapFile("{\"Regions\": 7}").Load();
  REQUIRE_FALSE(map);
  CHECK(map.error().context.find("Regions") != std::string::npos);
  CHECK_FALSE(LoadMap({"/nowhere/map.json"}, SystemClock().Now()));
  CHECK(LoadMap({"gopher://x"}, SystemClock().Now()).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("regions are kept by code or number", "[derpprobe][maps]") {
  auto map = MapFile(kMap).Load();
  REQUIRE(map);
  REQUIRE(KeepRegions({"den"}, *map));
  CHECK(map->merged.document.map.regions.size() == 1);
  CHECK(map->merged.document.map.regions.contains(901));
  for (const auto& note : map->notes) CHECK(note.region_id != 900);
}

TEST_CASE("a code that matches nothing is an error, not an empty check", "[derpprobe][maps]") {
  auto map = MapFile(kMap).Load();
  REQUIRE(map);
  const auto kept = KeepRegions({"lab", "LAB"}, *map);
  REQUIRE_FALSE(kept);
  CHECK(kept.error().code == ErrorCode::kNotFound);
  CHECK(kept.error().context == "-region-code LAB: no such region in the map");
}
