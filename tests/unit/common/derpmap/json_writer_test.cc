#include "common/derpmap/json_writer.h"

#include <catch2/catch.hpp>

#include "common/derpmap/json_reader.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::derpmap;

TEST_CASE("a written map reads back as the same map", "[derpmap]") {
  const auto document = ReadJson(test::ReadData("maps/valid.json"));
  REQUIRE(document.has_value());
  for (const unsigned indent : {0U, 2U}) {
    const auto again = ReadJson(WriteJson(document->map, indent));
    REQUIRE(again.has_value());
    CHECK(again->map == document->map);
    CHECK(again->notes.empty());
  }
}

TEST_CASE("a pinned node is written as derper prints it", "[derpmap]") {
  Node node;
  node.name = "custom";
  node.region_id = 900;
  node.host_name = "127.0.0.1";
  node.cert_name = "sha256-raw:" + std::string(64, 'a');
  CHECK(WriteJson(node) ==
        R"({"Name":"custom","RegionID":900,"HostName":"127.0.0.1","CertName":"sha256-raw:)" +
            std::string(64, 'a') + "\"}");
  node.host_name = "<&>";
  CHECK(WriteJson(node).find(R"("HostName":"\u003c\u0026\u003e")") != std::string::npos);
}

TEST_CASE("keys of regions are sorted as text and null regions are kept", "[derpmap]") {
  DerpMap map;
  map.regions[2].id = 2;
  map.regions[10].id = 10;
  map.null_regions = {1};
  map.omit_default_regions = true;
  CHECK(
      WriteJson(map, 0) ==
      R"({"Regions":{"1":null,"10":{"RegionID":10,"RegionCode":"","RegionName":"","Nodes":[]},)"
      R"("2":{"RegionID":2,"RegionCode":"","RegionName":"","Nodes":[]}},"omitDefaultRegions":true})");
}
