#include "common/derpmap/merge.h"

#include <catch2/catch.hpp>

#include "common/derpmap/reader.h"

using namespace derp;
using namespace derp::derpmap;

namespace {

SourcedMap Source(std::string name, std::string_view text) {
  auto document = Read(text);
  REQUIRE(document.has_value());
  return {std::move(name), std::move(*document)};
}

}  // namespace

TEST_CASE("a later source replaces a region wholly and the replaced one's notes go",
          "[derpmap][merge]") {
  const MergedMap merged =
      Merge({Source("A", R"({"Regions": {"1": {"RegionID": 7, "RegionCode": "x", "Nodes": []},
                                   "2": {"RegionID": 2}}})"),
             Source("B", "regions:\n  1: {regionid: 1, regioncode: y}\n")});
  CHECK(merged.document.map.regions.at(1).code == "y");
  CHECK(merged.source_of.at(1) == 1);
  CHECK(merged.source_of.at(2) == 0);
  REQUIRE(merged.document.notes.size() == 1);
  CHECK(merged.document.notes[0].code == "map.region_replaced");
  CHECK(merged.document.notes[0].fact == "region x of A is replaced by that of B");
}

TEST_CASE("a null region takes an earlier one away, a later one brings it back",
          "[derpmap][merge]") {
  const auto full = Source("A", R"({"Regions": {"1": {"RegionID": 1}, "2": {"RegionID": 2}}})");
  const auto off = Source("B", R"({"Regions": {"1": null}})");
  CHECK(Merge({full, off}).document.map.null_regions == std::vector<RegionId>{1});
  CHECK(Merge({full, off}).document.map.regions.count(1) == 0);
  CHECK(Merge({full, off, full}).document.map.regions.size() == 2);
  CHECK(Merge({full, off, full}).document.map.null_regions.empty());
}

TEST_CASE("omitDefaultRegions leaves only the regions beside it", "[derpmap][merge]") {
  const auto full = Source("A", R"({"Regions": {"1": {"RegionID": 1}, "2": {"RegionID": 2}}})");
  const auto own =
      Source("B", R"({"omitDefaultRegions": true, "Regions": {"900": {"RegionID": 900}}})");
  const MergedMap merged = Merge({full, own});
  CHECK(merged.document.map.regions.size() == 1);
  CHECK(merged.source_of.size() == 1);
  CHECK(merged.document.notes.size() == 2);
  CHECK(Merge({full, Source("C", R"({"omitDefaultRegions": true})")}).document.map.regions.size() ==
        2);
}

TEST_CASE("one source is taken as it is", "[derpmap][merge]") {
  const auto one = Source("A", R"({"Regions": {"1": {}, "2": null}})");
  const MergedMap merged = Merge({one});
  CHECK(merged.document.map == one.document.map);
  CHECK(merged.document.notes == one.document.notes);
}
