#include "derpprobe/options/options.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::probe;

namespace {

using Args = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;
using Action = cli::ParseResult::Action;

struct Parsed {
  Options options;
  cli::ParseResult result;
};

Parsed Parse(const Args& args, const Environment& environment = {}) {
  Parsed parsed;
  parsed.result = ParseOptions(args, environment, parsed.options);
  return parsed;
}

void CheckRefused(const Args& args, std::string_view words) {
  const Parsed parsed = Parse(args);
  CAPTURE(parsed.result.stderr_text);
  CHECK(parsed.result.action == Action::kExit);
  CHECK(parsed.result.exit_code == 2);
  CHECK(parsed.result.stderr_text.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("without flags everything is as in the reference", "[derpprobe][options]") {
  const Parsed parsed = Parse({});
  CHECK(parsed.result.action == Action::kRun);
  CHECK(parsed.options.derp_map == Args{std::string(kVendorMap)});
  CHECK(parsed.options.listen == ":8030");
  CHECK(parsed.options.spread);
  CHECK_FALSE(parsed.options.spread_given);
  CHECK(parsed.options.interval == std::chrono::seconds(15));
  CHECK(parsed.options.format == Format::kText);
}

TEST_CASE("the reference's recorded command lines give its first line and status",
          "[derpprobe][options]") {
  for (const auto& row : test::ReadJson("go-flags.json")) {
    if (row.at("program") != "derpprobe") continue;
    const Parsed parsed = Parse(row.at("args").get<Args>());
    CAPTURE(row.dump(), parsed.result.stderr_text);
    if (row.at("runs").get<bool>() || row.at("prints_version").get<bool>()) {
      CHECK(parsed.result.action == Action::kRun);
      CHECK(parsed.options.version == row.at("prints_version").get<bool>());
      continue;
    }
    CHECK(parsed.result.exit_code == row.at("exit").get<int>());
    const std::string first =
        parsed.result.stderr_text.substr(0, parsed.result.stderr_text.find('\n'));
    if (first.starts_with("Usage of")) continue;
    CHECK(first == row.at("stderr_first_line").get<std::string>());
  }
}

TEST_CASE("regions and maps may repeat, regions may hold commas", "[derpprobe][options]") {
  const Parsed parsed = Parse(
      {"-region-code", "fra,nyc", "-region-code=901", "-derp-map=a.json", "-derp-map", "b.json"});
  CHECK(parsed.options.region_codes == Args{"fra", "nyc", "901"});
  CHECK(parsed.options.derp_map == Args{"a.json", "b.json"});
}

TEST_CASE("values that would crash or hang the reference are refused", "[derpprobe][options]") {
  CheckRefused({"-interval=0s"}, "-interval must be above zero");
  CheckRefused({"-interval=-1s"}, "-interval must be above zero");
  CheckRefused({"-timeout=0s"}, "-timeout must be above zero");
  CheckRefused({"-format=yaml"}, "-format yaml: known are text, json");
}

TEST_CASE("classes are asked for by interval and size, or by rate", "[derpprobe][options]") {
  CHECK(Parse({"-bw-interval=1m"}).options.AsksBandwidth());
  CHECK_FALSE(Parse({"-bw-interval=1m", "-bw-probe-size-bytes=0"}).options.AsksBandwidth());
  CHECK_FALSE(Parse({"-bw-interval=-1m"}).options.AsksBandwidth());
  CHECK(Parse({"-qd-packets-per-second=10"}).options.AsksQueue());
  CHECK_FALSE(Parse({"-qd-packet-timeout=1s"}).options.AsksQueue());
}

TEST_CASE("words that no flag knows are refused with those it knows", "[derpprobe][options]") {
  CheckRefused({"-crl=maybe"}, "-crl maybe: known are off, soft and hard");
  CheckRefused({"-fail-on=info"}, "-fail-on info: known are error and warning");
  for (const char* value : {"", "3", "0/5", "6/5", "3/101", "a/b", "3/5/7"}) {
    CAPTURE(value);
    const std::string flag = std::string("-alert-after=") + value;
    CheckRefused({flag}, "BAD/ROUNDS");
  }
  const Parsed parsed = Parse({"-alert-after=2/4", "-fail-on=warning", "-crl=hard"});
  CHECK(parsed.options.alert_after.bad == 2);
  CHECK(parsed.options.alert_after.rounds == 4);
  CHECK(parsed.options.fail_on == FailOn::kWarning);
  CHECK(parsed.options.crl == CrlMode::kHard);
}

TEST_CASE("an environment variable stands behind its flag", "[derpprobe][options]") {
  const Environment environment = {{"DERPPROBE_STUN_INTERVAL", "30s"}};
  CHECK(Parse({}, environment).options.stun_interval == std::chrono::seconds(30));
  CHECK(Parse({"-stun-interval=5s"}, environment).options.stun_interval == std::chrono::seconds(5));
}

TEST_CASE("the mesh key comes from the file, or with -dev from the environment",
          "[derpprobe][options]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "mesh.key";
  std::ofstream(path) << "  " << std::string(64, 'A') << "\n";
  Options options;
  CHECK_FALSE(LoadMeshKey(options, {})->key);
  CHECK(LoadMeshKey(options, {})->log_line == "No mesh key configured");
  options.mesh_psk_file = path;
  CHECK(LoadMeshKey(options, {})->key);
  options.dev = true;  // the file does not count any more
  CHECK_FALSE(LoadMeshKey(options, {})->key);
  CHECK(LoadMeshKey(options, {{"TAILSCALE_DERPER_MESH_KEY", std::string(64, 'b')}})->key);
  CHECK_FALSE(LoadMeshKey(options, {{"TAILSCALE_DERPER_MESH_KEY", "short"}}));
}

TEST_CASE("the mesh key goes to the map's one own source, or to named regions",
          "[derpprobe][options]") {
  CHECK(MeshKeyMayGoTo(Parse({"-derp-map=own.json"}).options, "own", 900));
  CHECK_FALSE(MeshKeyMayGoTo(Parse({}).options, "own", 900));
  CHECK_FALSE(MeshKeyMayGoTo(Parse({"-derp-map=a.json", "-derp-map=b.json"}).options, "own", 900));
  CheckRefused({"-mesh-psk-file=mesh.key"}, "the mesh key is for the relays of one own map");
  CheckRefused({"-secrets-url=https://secrets.test"}, "the mesh key is for the relays of one own");
  CHECK(Parse({"-mesh-psk-file=mesh.key", "-derp-map=own.json"}).result.action == Action::kRun);

  const Parsed named = Parse({"-mesh-psk-file=mesh.key", "-mesh-key-regions=own,901"});
  CHECK(named.result.action == Action::kRun);
  CHECK(MeshKeyMayGoTo(named.options, "own", 900));
  CHECK(MeshKeyMayGoTo(named.options, "second", 901));
  CHECK_FALSE(MeshKeyMayGoTo(named.options, "fra", 5));
}

TEST_CASE("values come from flags, then the environment, then the file", "[derpprobe][options]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "derpprobe.yaml";
  std::ofstream(path) << "derp-map:\n  - /etc/own.json\n  - local\ninterval: 30s\n"
                         "tls-interval: 1m\nformat: json\nmesh-interval: 2m\n";
  const Parsed parsed =
      Parse({"-config", path, "-mesh-interval=3m"}, {{"DERPPROBE_TLS_INTERVAL", "5m"}});
  CAPTURE(parsed.result.stderr_text);
  REQUIRE(parsed.result.action == Action::kRun);
  CHECK(parsed.options.derp_map == Args{"/etc/own.json", "local"});
  CHECK(parsed.options.interval == std::chrono::seconds(30));
  CHECK(parsed.options.tls_interval == std::chrono::minutes(5));
  CHECK(parsed.options.mesh_interval == std::chrono::minutes(3));
  CHECK(parsed.options.format == Format::kJson);
  const std::string shown = ShownConfig(parsed.options, {});
  CHECK(shown.find("tls-interval: 5m0s                            # environment variable "
                   "DERPPROBE_TLS_INTERVAL\n") != std::string::npos);
  CHECK(shown.find("format: json                                  # file " + path + ", line 6\n") !=
        std::string::npos);
}

TEST_CASE("a wrong word is named with the place it stands in", "[derpprobe][options]") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "derpprobe.yaml";
  std::ofstream(path) << "\ncrl: maybe\n";
  CheckRefused({"-config", path},
               "-crl maybe: known are off, soft and hard (" + path + ", line 2)");
  CheckRefused({"-config", directory / "missing"}, "-config: open " + (directory / "missing"));
  std::ofstream(path) << "intervall: 1s\n";
  CheckRefused({"-config", path}, "the nearest known is interval");
  const Parsed parsed = Parse({}, {{"DERPPROBE_CONFIG", path}});
  CHECK(parsed.result.exit_code == 2);
  CHECK(Parse({}, {{"DERPPROBE_FORMAT", "xml"}})
            .result.stderr_text.find("(environment variable DERPPROBE_FORMAT)") !=
        std::string::npos);
}

TEST_CASE("a map source that cannot be one is a usage error", "[derpprobe][options]") {
  CheckRefused({"-derp-map", "gopher://x"}, "unsupported scheme \"gopher\"");
  CheckRefused({"-lint", "ftp://x/map"}, "-lint: ");
  CheckRefused({"-secrets-url", "setec.example.net", "-derp-map=local"}, "-secrets-url");
}

TEST_CASE("what is in force is shown without secrets", "[derpprobe][options]") {
  const std::string key(64, '7');
  const Environment environment = {{std::string(kMeshKeyVariable), key}};
  const Parsed parsed = Parse({"-dev", "-derp-map", "https://u:pass@example.net/m?token=t1",
                               "-alert-webhook", "https://hooks.example.net/T0/hook-secret"},
                              environment);
  REQUIRE(parsed.result.action == Action::kRun);
  const std::string shown = ShownConfig(parsed.options, environment);
  for (const std::string& secret :
       {key, std::string("pass@"), std::string("t1"), std::string("hook-secret")}) {
    CHECK(shown.find(secret) == std::string::npos);
  }
  CHECK(shown.find("mesh key: environment variable TAILSCALE_DERPER_MESH_KEY (set, not shown)") !=
        std::string::npos);
}

TEST_CASE("the node key comes from a file as derper writes it", "[derpprobe][options]") {
  const test::TemporaryDirectory directory;
  Options options;
  CHECK_FALSE(LoadNodeKey(options).value());
  options.key_file = directory / "node.key";
  CHECK(LoadNodeKey(options).error().code == ErrorCode::kNotFound);
  std::ofstream(options.key_file) << "{\"PrivateKey\": \"privkey:" + std::string(64, '3') + "\"}";
  const auto key = LoadNodeKey(options);
  REQUIRE(key);
  CHECK((*key)->ToString() == "privkey:" + std::string(64, '3'));
  std::ofstream(options.key_file) << "{\"PrivateKey\": \"secret\"}";
  const auto bad = LoadNodeKey(options);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().context.find("secret") == std::string::npos);
}
