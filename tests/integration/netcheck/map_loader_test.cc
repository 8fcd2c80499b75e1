#include "netcheck/map_loader.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

namespace derp::netcheck {
namespace {

Expected<derpmap::MapDocument, Error> Load(const std::string& source) {
  const SystemClock clock;
  return LoadMap(derpmap::ParseMapSource(source).value(), "/nonexistent/tailscaled.sock",
                 clock.Now() + std::chrono::seconds(10));
}

}  // namespace

TEST_CASE("a map is read from a path and from a file URL", "[netcheck]") {
  const std::string path = std::string(DERP_TEST_DATA) + "/maps/valid.json";
  CHECK(Load(path)->map.regions.size() == 2);
  CHECK(Load("file://" + path)->map.regions.size() == 2);
}

TEST_CASE("a map that cannot be had says from where and why", "[netcheck]") {
  CHECK(Load("/nonexistent/map.json").error().context ==
        "DERP map from /nonexistent/map.json: open /nonexistent/map.json: no such file or "
        "directory");
  const std::string broken = std::string(DERP_TEST_DATA) + "/maps/string_port.json";
  CHECK(Load(broken).error().context.find("line 7, column 87: Regions.900.Nodes[0].DERPPort") !=
        std::string::npos);
  CHECK(Load("local").error().context.starts_with("DERP map from local: "));
}

TEST_CASE("a map without regions is nothing to measure", "[netcheck]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.path() + "/empty.json";
  std::ofstream(path) << "{}";
  CHECK(Load(path).error().context == "DERP map from " + path + ": the map has no region");
}

}  // namespace derp::netcheck
