#include "derpprobe/setup/check_config.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::probe;
using config::ConfigCheck;

namespace {

constexpr const char* kMap = R"({"Regions":{"900":{"RegionID":900,"RegionCode":"lab","Nodes":[
  {"Name":"a","RegionID":900,"HostName":"192.0.2.1","IPv4":"192.0.2.1"}]}}})";

struct Fixture {
  test::TemporaryDirectory directory;
  Options options;

  Fixture() { options.derp_map = {Write("map.json", kMap)}; }
  std::string Write(const std::string& name, std::string_view text) const {
    std::ofstream(directory / name) << text;
    return directory / name;
  }
  ConfigCheck Check() const { return CheckConfig(options, {}); }
};

bool Holds(const ConfigCheck& check, std::string_view words) {
  return check.text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("settings that would work are told so", "[derpprobe][setup]") {
  Fixture f;
  f.options.state_dir = f.directory / "new/state";
  f.options.mesh_psk_file = f.Write("key", std::string(64, 'a'));
  const ConfigCheck check = f.Check();
  CAPTURE(check.text);
  CHECK(check.status == 0);
  CHECK(Holds(check, "to be probed: 1 regions, 1 nodes"));
  CHECK(Holds(check, "new/state: ok"));
  CHECK_FALSE(Holds(check, "error"));
  CHECK_FALSE(Holds(check, std::string(64, 'a')));
}

TEST_CASE("everything that is wrong is told at once", "[derpprobe][setup]") {
  Fixture f;
  f.options.derp_map.push_back(f.directory / "missing.json");
  f.options.mesh_psk_file = f.Write("key", "short");
  f.options.state_dir = f.directory / "key";
  f.options.key_file = f.directory / "no.key";
  const ConfigCheck check = f.Check();
  CAPTURE(check.text);
  CHECK(check.status == 2);
  CHECK(Holds(check, "missing.json: open "));
  CHECK(Holds(check, "must be 64 hexadecimal digits"));
  CHECK(Holds(check, "is no directory"));
  CHECK(Holds(check, "error: -key-file: open "));
}

TEST_CASE("a filter that fits no region is wrong", "[derpprobe][setup]") {
  Fixture f;
  f.options.excluded_regions = {"den"};
  const ConfigCheck check = f.Check();
  CHECK(check.status == 2);
  CHECK(Holds(check, "error: -exclude-region den: no such region in the map"));
}
