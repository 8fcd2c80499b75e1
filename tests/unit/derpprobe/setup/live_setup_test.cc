#include "derpprobe/setup/live_setup.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::probe;

namespace {

using Words = std::vector<std::string>;

std::string MapText(int region) {
  return fmt::format(
      R"({{"Regions":{{"{0}":{{"RegionID":{0},"RegionCode":"r{0}","Nodes":[{{"Name":"a","RegionID":{0},"HostName":"192.0.2.1","IPv4":"192.0.2.1"}}]}}}}}})",
      region);
}

struct Fixture {
  test::TemporaryDirectory directory;
  SystemClock clock;
  std::string log;
  Logger logger{[this](LogLevel, std::string_view text) { log += std::string(text) + "\n"; }};

  Fixture() {
    Write("a.json", MapText(900));
    Write("b.json", MapText(901));
    Write("key", std::string(64, '1'));
    Settings("");
  }
  std::string Write(const std::string& name, std::string_view text) const {
    std::ofstream(directory / name) << text;
    return directory / name;
  }
  void Settings(std::string_view more, const std::string& map = "a.json") const {
    Write("conf.yaml", fmt::format("derp-map: {}\nmesh-psk-file: {}\n{}", directory / map,
                                   directory / "key", more));
  }
  std::unique_ptr<LiveSetup> Start() {
    const Words args = {"-config", directory / "conf.yaml"};
    Options options;
    const auto parsed = ParseOptions(args, {}, options);
    REQUIRE(parsed.stderr_text.empty());
    const auto key = LoadMeshKey(options, {});
    REQUIRE(key);
    return std::make_unique<LiveSetup>(args, std::map<std::string, std::string>{}, options,
                                       key->key, clock, logger);
  }
};

bool HasRegion(LiveSetup& setup, std::int64_t id) {
  const MapRefresh refresh = setup.RefreshMap();
  return refresh.map && refresh.map->merged.document.map.regions.contains(id);
}

}  // namespace

TEST_CASE("a reload takes map, key and intervals of the settings file", "[derpprobe][setup]") {
  Fixture f;
  const auto setup = f.Start();
  CHECK(HasRegion(*setup, 900));
  CHECK(setup->KeyFor("r900", 900)->ToString() == std::string(64, '1'));
  f.Settings("mesh-interval: 1m\ninterval: 30s\n", "b.json");
  f.Write("key", std::string(64, '2'));
  const auto options = setup->Reload();
  REQUIRE(options);
  CHECK(options->mesh_interval == std::chrono::minutes(1));
  CHECK(HasRegion(*setup, 901));
  CHECK(setup->KeyFor("r901", 901)->ToString() == std::string(64, '2'));
  CHECK(f.log.find("now in force: -derp-map, -interval, -mesh-interval\n") != std::string::npos);
  CHECK(f.log.find(std::string(64, '2')) == std::string::npos);
}

TEST_CASE("whatever is bad changes nothing", "[derpprobe][setup]") {
  Fixture f;
  const auto setup = f.Start();
  CHECK(HasRegion(*setup, 900));
  const auto refused = [&](std::string_view words) {
    const auto result = setup->Reload();
    REQUIRE_FALSE(result);
    CAPTURE(result.error().context);
    CHECK(result.error().context.find(words) != std::string::npos);
    CHECK(HasRegion(*setup, 900));
    CHECK(setup->KeyFor("r900", 900)->ToString() == std::string(64, '1'));
  };
  f.Write("key", std::string(64, '2'));
  f.Settings("intervall: 1m\n", "b.json");
  refused("conf.yaml, line 3: unknown name \"intervall\"");
  f.Settings("region-code: nowhere\n", "b.json");
  refused("-region-code nowhere: no such region in the map");
  f.Settings("", "missing.json");
  refused("missing.json: ");
  f.Settings("", "b.json");
  f.Write("key", "short");
  refused("64 hexadecimal digits");
  f.Write("key", std::string(64, '1'));
  f.Settings("");
  f.Write("a.json", "{");
  refused("line 1, column 2");
  f.Write("a.json", MapText(900));
  CHECK(setup->Reload());
}

TEST_CASE("a map source that is down holds back nothing else", "[derpprobe][setup]") {
  Fixture f;
  const auto setup = f.Start();
  CHECK(HasRegion(*setup, 900));
  std::filesystem::remove(f.directory / "a.json");
  f.Settings("mesh-interval: 1m\n");
  f.Write("key", std::string(64, '2'));
  const auto first = setup->Reload();
  REQUIRE(first);
  CHECK(first->mesh_interval == std::chrono::minutes(1));
  CHECK(f.log.find("reload: the last good map stays in force: map ") != std::string::npos);
  CHECK(HasRegion(*setup, 900));
  CHECK(setup->KeyFor("r900", 900)->ToString() == std::string(64, '2'));

  // Also beside a new source, which must be good itself.
  f.Write("conf.yaml", fmt::format("derp-map: [{0}/a.json, {0}/c.json]\n", f.directory.path()));
  const auto second = setup->Reload();
  REQUIRE_FALSE(second);
  CHECK(second.error().context.find("c.json") != std::string::npos);
  CHECK(second.error().context.find("a.json") == std::string::npos);
  f.Write("conf.yaml", fmt::format("derp-map: [{0}/a.json, {0}/b.json]\n", f.directory.path()));
  REQUIRE(setup->Reload());
  CHECK(HasRegion(*setup, 900));
  CHECK(HasRegion(*setup, 901));
}

TEST_CASE("the key goes to the regions in force only", "[derpprobe][setup]") {
  Fixture f;
  const auto setup = f.Start();
  f.Settings("mesh-key-regions: [r901]\n");
  REQUIRE(setup->Reload());
  CHECK_FALSE(setup->KeyFor("r900", 900));
  CHECK(setup->KeyFor("r901", 901));
}

TEST_CASE("what needs a restart is named each time, by its flag", "[derpprobe][setup]") {
  Fixture f;
  const auto setup = f.Start();
  f.Settings("listen: 127.0.0.1:1\nstate-dir: /var/lib/x\n");
  for (int i = 0; i < 2; ++i) {
    f.log.clear();
    const auto options = setup->Reload();
    REQUIRE(options);
    CHECK(options->listen == ":8030");
    CHECK(options->state_dir.empty());
    CHECK(f.log.find("takes effect at the next start: -listen, -state-dir") != std::string::npos);
    CHECK(f.log.find("now in force") == std::string::npos);
  }
}

TEST_CASE("a source that takes over a region's name does not get the key", "[derpprobe][setup]") {
  Fixture f;
  f.Settings("mesh-key-regions: [r900]\n");
  f.Write("conf.yaml", fmt::format("derp-map: [{0}/a.json, {0}/b.json]\nmesh-psk-file: {0}/key\n"
                                   "mesh-key-regions: [r900]\n",
                                   f.directory.path()));
  const auto setup = f.Start();
  CHECK_FALSE(setup->KeyFor("r900", 900));  // no map was read yet
  CHECK(HasRegion(*setup, 900));
  CHECK(setup->KeyFor("r900", 900));
  CHECK_FALSE(setup->KeyFor("r901", 901));
  f.Write("b.json", MapText(900));
  CHECK(HasRegion(*setup, 900));
  CHECK_FALSE(setup->KeyFor("r900", 900));
  CHECK(f.log.find("mesh key: not for region 900") != std::string::npos);
}
