#include "common/config/print_config.h"

#include <catch2/catch.hpp>

#include "common/config/config_file.h"

using namespace derp;
using namespace derp::config;

TEST_CASE("passwords and queries of URLs are not shown", "[config]") {
  CHECK(Redacted("https://example.net/map.json") == "https://example.net/map.json");
  CHECK(Redacted("https://me:pass@example.net/m?token=1") ==
        "https://me:xxxxx@example.net/m?xxxxx");
  CHECK(Redacted("https://me@example.net") == "https://me@example.net");
  CHECK(Redacted("https://a:b:c@[2001:db8::1]:80/") == "https://a:xxxxx@[2001:db8::1]:80/");
  CHECK(Redacted("/etc/map?.json") == "/etc/map?.json");
}

TEST_CASE("settings are printed with their origins, as a file that reads back", "[config]") {
  bool once = true;
  bool version = false;
  std::string listen = ":8030";
  std::string hook = "https://hooks.example.net/T0/secret";
  Duration interval = std::chrono::seconds(90);
  std::vector<std::string> maps;
  cli::FlagSet flags("prog", "PROG_");
  flags.Bool("once", &once, "");
  flags.Text("listen", &listen, "");
  flags.Text("hook", &hook, "");
  flags.DurationFlag("interval", &interval, "");
  flags.List("map", &maps, "");
  flags.Bool("version", &version, "");
  REQUIRE(flags.Parse({"-map=local", "-map=http://u:p@example.net/"}, {{"PROG_INTERVAL", "1m"}})
              .action == cli::ParseResult::Action::kRun);
  REQUIRE_FALSE(flags.TakeFile("p.yaml", {{"listen", {"[::1]:1 # no"}, false, 3}}));
  const std::string text = PrintConfig(flags.InForce(), {"hook"}, {"version"});
  CHECK(text ==
        "hook: \"https://hooks.example.net/xxxxx\"       # default\n"
        "interval: 1m0s                                # environment variable PROG_INTERVAL\n"
        "listen: \"[::1]:1 # no\"                        # file p.yaml, line 3\n"
        "map: [local, \"http://u:xxxxx@example.net/\"]   # flag\n"
        "once: true                                    # default\n");
  const auto again = ReadSettings(text);
  REQUIRE(again);
  REQUIRE(again->size() == 5);
  CHECK((*again)[2].values == std::vector<std::string>{"[::1]:1 # no"});
  CHECK((*again)[3].values.size() == 2);
}
