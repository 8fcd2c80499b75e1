#include "common/config/config_file.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::config;

namespace {

using Words = std::vector<std::string>;

struct Program {
  bool once = false;
  std::int64_t size = 5;
  std::string listen = ":8030";
  Duration interval = std::chrono::seconds(15);
  Words maps;
  cli::FlagSet flags{"prog", "PROG_"};
  test::TemporaryDirectory directory;
  std::string path = directory / "prog.yaml";

  Program() {
    flags.Bool("once", &once, "");
    flags.Int("size", &size, "");
    flags.Text("listen", &listen, "");
    flags.DurationFlag("mesh-interval", &interval, "");
    flags.List("derp-map", &maps, "");
  }

  // Empty when all went well; the file's own name is taken out of the message.
  std::string Take(std::string_view text, const Words& args = {},
                   const std::map<std::string, std::string>& environment = {}) {
    std::ofstream(path) << text;
    REQUIRE(flags.Parse(args, environment).action == cli::ParseResult::Action::kRun);
    const auto taken = TakeConfigFile(path, flags);
    if (taken) return {};
    std::string message = taken.error().context;
    if (message.starts_with(path)) message.erase(0, path.size());
    return message;
  }
  cli::FlagInForce Of(std::string_view name) const {
    for (auto& flag : flags.InForce()) {
      if (flag.name == name) return flag;
    }
    return {};
  }
};

}  // namespace

TEST_CASE("a file gives what flags and environment leave open", "[config]") {
  Program program;
  REQUIRE(program
              .Take("# comment\nonce: true\nsize: 7\nlisten: 192.0.2.1:80\nmesh-interval: 1m\n"
                    "derp-map:\n  - local\n  - https://example.net/a\n",
                    {"-size=9"}, {{"PROG_LISTEN", ":1"}})
              .empty());
  CHECK(program.once);
  CHECK(program.size == 9);
  CHECK(program.listen == ":1");
  CHECK(program.interval == std::chrono::minutes(1));
  CHECK(program.maps == Words{"local", "https://example.net/a"});
  CHECK(program.Of("size").origin == cli::Origin::kFlag);
  CHECK(program.Of("listen").origin == cli::Origin::kEnvironment);
  CHECK(program.Of("listen").where == "PROG_LISTEN");
  CHECK(program.Of("derp-map").origin == cli::Origin::kFile);
  CHECK(program.Of("derp-map").where == program.path + ", line 6");
  CHECK(program.flags.WasSet("once"));
}

TEST_CASE("a list of the command line stands in place of the file's", "[config]") {
  Program program;
  REQUIRE(program.Take("derp-map: [a, b]\n", {"-derp-map=c", "-derp-map=d"}).empty());
  CHECK(program.maps == Words{"c", "d"});
}

TEST_CASE("a list may be written as one value, or be empty", "[config]") {
  Program program;
  REQUIRE(program.Take("derp-map: local\n").empty());
  CHECK(program.maps == Words{"local"});
  REQUIRE(Program().Take("derp-map: []\n").empty());
}

TEST_CASE("text without settings is a file without settings", "[config]") {
  for (const char* text : {"", "\n\n", "# nothing yet\n", "---\n"}) {
    CAPTURE(text);
    CHECK(Program().Take(text).empty());
  }
}

TEST_CASE("what is wrong is named with line, name and value", "[config]") {
  const std::pair<const char*, const char*> samples[] = {
      {"once: true\nmesh-intervall: 1m\n",
       ", line 2: unknown name \"mesh-intervall\", the nearest known is mesh-interval"},
      {"zzz: 1\n", ", line 1: unknown name \"zzz\""},
      {"size: many\n", ", line 1: invalid value \"many\" for size: parse error"},
      {"\nonce: maybe\n", ", line 2: invalid boolean value \"maybe\" for once: parse error"},
      {"mesh-interval: 15\n", ", line 1: invalid value \"15\" for mesh-interval: parse error"},
      {"listen: [a, b]\n", ", line 1: listen takes one value, not a list"},
      {"size: 1\nsize: 2\n", ", line 2: \"size\" is there twice"},
      {"listen:\n", ", line 1: listen has no value"},
      {"listen: {a: b}\n", ", line 1: listen has names below it, not a value"},
      {"derp-map: [[a]]\n", ", line 1: derp-map lists something that is no value"},
      {"config: other.yaml\n", ", line 1: config belongs on the command line"},
      {"- once\n", ", line 1: settings are lines of the form 'name: value'"},
      {"just words\n", ", line 1: settings are lines of the form 'name: value'"},
  };
  for (const auto& [text, message] : samples) {
    CAPTURE(text);
    CHECK(Program().Take(text) == message);
  }
  CHECK(Program().Take("a: 1\n\tb: 2\n").starts_with(", line "));
}

TEST_CASE("a bad value is refused where a flag outweighs it, too", "[config]") {
  CHECK_FALSE(Program().Take("size: many\n", {"-size=3"}).empty());
}

TEST_CASE("a file that is not there is named", "[config]") {
  cli::FlagSet flags("prog", "");
  const auto taken = TakeConfigFile("/nowhere/prog.yaml", flags);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().context == "open /nowhere/prog.yaml: no such file or directory");
}
