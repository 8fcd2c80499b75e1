#include "common/cli/flags.h"

#include <limits>

#include <catch2/catch.hpp>

namespace derp::cli {
namespace {

using Action = ParseResult::Action;
using Words = std::vector<std::string>;

struct Sample {
  bool derp = true;
  bool version = false;
  std::int64_t port = 80;
  double limit = std::numeric_limits<double>::infinity();
  std::string address = ":443";
  std::string home;
  Duration keep_alive = std::chrono::minutes(10);
  std::vector<std::string> maps = {"default"};
  FlagSet flags{"prog", "PROG_"};

  Sample() {
    flags.Bool("derp", &derp, "whether to run");
    flags.Bool("version", &version, "print the version");
    flags.Int("http-port", &port, "the `port` to use");
    flags.Float("limit", &limit, "rate");
    flags.Text("a", &address, "address");
    flags.Text("home", &home, "first line\nsecond line");
    flags.DurationFlag("keep-alive", &keep_alive, "idle time");
    flags.List("map", &maps, "may repeat");
  }
  ParseResult Parse(const Words& words, const std::map<std::string, std::string>& env = {}) {
    return flags.Parse(words, env);
  }
};

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST_CASE("every kind of flag takes its value behind an equals sign", "[cli]") {
  Sample sample;
  const ParseResult result =
      sample.Parse({"-derp=f", "--http-port=0x50", "-limit=1e3", "-a=", "-keep-alive=1m30s"});
  REQUIRE(result.action == Action::kRun);
  CHECK_FALSE(sample.derp);
  CHECK(sample.port == 80);
  CHECK(sample.limit == 1000);
  CHECK(sample.address.empty());
  CHECK(sample.keep_alive == std::chrono::seconds(90));
  CHECK(sample.flags.WasSet("a"));
  CHECK_FALSE(sample.flags.WasSet("home"));
}

TEST_CASE("values that CLI11 would read in its own way arrive as they are", "[cli]") {
  for (const std::string value : {"", "[a,b]", "--derp=false", "a=b", "\"quoted\"", "-", "'x'"}) {
    CAPTURE(value);
    Sample sample;
    REQUIRE(sample.Parse({"-home", value}).action == Action::kRun);
    CHECK(sample.home == value);
    Sample joined;
    REQUIRE(joined.Parse({"-home=" + value}).action == Action::kRun);
    CHECK(joined.home == value);
  }
}

TEST_CASE("of a repeated flag the last one counts", "[cli]") {
  Sample sample;
  REQUIRE(sample.Parse({"-a=:1", "-a", ":2"}).action == Action::kRun);
  CHECK(sample.address == ":2");
}

TEST_CASE("a repeated list keeps all entries in order and drops the default", "[cli]") {
  Sample sample;
  REQUIRE(sample.Parse({"-map=b", "-map", "a"}).action == Action::kRun);
  CHECK(sample.maps == Words{"b", "a"});
}

TEST_CASE("the first mistake on the line is the one that is told", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({"-http-port=x", "-nosuch", "-limit=y"});
  CHECK(result.exit_code == 2);
  CHECK(FirstLine(result.stderr_text) == "invalid value \"x\" for flag -http-port: parse error");
}

TEST_CASE("help comes before leftover words and leaves with status 0", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({"-help", "word"});
  CHECK(result.action == Action::kExit);
  CHECK(result.exit_code == 0);
  CHECK(result.stderr_text == sample.flags.Usage());
}

TEST_CASE("leftover words are named", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({"-a", ":1", "extra", "-version"});
  CHECK(result.exit_code == 2);
  CHECK(FirstLine(result.stderr_text) ==
        "unexpected arguments \"extra\" \"-version\": flags are written -flag=value, and nothing "
        "else is expected");
}

TEST_CASE("a value behind a switch is refused with the right spelling", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({"-derp", "false"});
  CHECK(result.exit_code == 2);
  CHECK(FirstLine(result.stderr_text) ==
        "unexpected argument \"false\": -derp is a switch, write its value as -derp=false");
}

TEST_CASE("the version is told whatever words follow", "[cli]") {
  Sample sample;
  CHECK(sample.Parse({"-version", "extra"}).action == Action::kRun);
  CHECK(sample.version);
  Sample off;
  CHECK(off.Parse({"-version=false", "extra"}).exit_code == 2);
}

TEST_CASE("positional words are kept where a program allows them", "[cli]") {
  Sample sample;
  Words words;
  sample.flags.AllowPositional(&words, "prog <hostname> [port]");
  REQUIRE(sample.Parse({"-derp=false", "--", "-a", "b"}).action == Action::kRun);
  CHECK(words == Words{"-a", "b"});
  CHECK(sample.address == ":443");
  CHECK(
      sample.flags.Usage().starts_with("Usage of prog:\n  prog <hostname> [port]\n  -a string\n"));
}

TEST_CASE("the usage lists flags in byte order with types and defaults", "[cli]") {
  Sample sample;
  bool four = false;
  sample.flags.Bool("4", &four, "IPv4 only");
  CHECK(sample.flags.Usage() ==
        "Usage of prog:\n"
        "  -4\tIPv4 only\n"
        "  -a string\n    \taddress (default \":443\")\n"
        "  -derp\n    \twhether to run (default true)\n"
        "  -home string\n    \tfirst line\n    \tsecond line\n"
        "  -http-port port\n    \tthe port to use (default 80)\n"
        "  -keep-alive duration\n    \tidle time (default 10m0s)\n"
        "  -limit float\n    \trate (default +Inf)\n"
        "  -map string\n    \tmay repeat (default \"default\")\n"
        "  -version\n    \tprint the version\n");
}

TEST_CASE("the usage keeps showing defaults after parsing", "[cli]") {
  Sample sample;
  REQUIRE(sample.Parse({"-a=:1"}).action == Action::kRun);
  CHECK(sample.flags.Usage().find("(default \":443\")") != std::string::npos);
}

TEST_CASE("the environment stands between flag and default", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({"-a=:1"}, {{"PROG_A", ":2"},
                                                      {"PROG_KEEP_ALIVE", "5s"},
                                                      {"PROG_DERP", "false"},
                                                      {"PROG_MAP", "one two\nthree"},
                                                      {"PROG_NOSUCH", "x"},
                                                      {"PROG_HOME", ""}});
  REQUIRE(result.action == Action::kRun);
  CHECK(sample.address == ":1");
  CHECK(sample.keep_alive == std::chrono::seconds(5));
  CHECK_FALSE(sample.derp);
  CHECK(sample.maps == Words{"one", "two", "three"});
  CHECK(sample.flags.WasSet("keep-alive"));
  CHECK_FALSE(sample.flags.WasSet("home"));
}

TEST_CASE("a bad value from the environment names its variable", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({}, {{"PROG_HTTP_PORT", "http"}});
  CHECK(result.exit_code == 2);
  CHECK(FirstLine(result.stderr_text) ==
        "invalid value \"http\" for environment variable PROG_HTTP_PORT: parse error");
}

TEST_CASE("what the environment of a container holds by chance does no harm", "[cli]") {
  Sample sample;
  const ParseResult result = sample.Parse({}, {{"PROG_HTTP_PORT", "tcp://10.0.0.1:80"},
                                               {"PROG_HOME", "udp://10.0.0.1:3478"},
                                               {"PROG_VERSION", "1.2.3"}});
  REQUIRE(result.action == Action::kRun);
  CHECK(sample.port == 80);
  CHECK(sample.home.empty());
  CHECK_FALSE(sample.version);
}

TEST_CASE("a value from the environment that a flag overrides is not even read", "[cli]") {
  Sample sample;
  CHECK(sample.Parse({"-http-port=1"}, {{"PROG_HTTP_PORT", "http"}}).action == Action::kRun);
  CHECK(sample.port == 1);
}

}  // namespace
}  // namespace derp::cli
