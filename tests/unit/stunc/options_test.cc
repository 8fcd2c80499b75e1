#include "stunc/options.h"

#include <catch2/catch.hpp>

#include "tests/support/vectors.h"

namespace derp::stunc {
namespace {

using namespace std::chrono_literals;

Expected<Options, Exit> Parse(const std::vector<std::string>& args) {
  return ParseOptions("stunc", args, {});
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

void CheckUsageError(const std::vector<std::string>& args, const std::string& first_line) {
  CAPTURE(args);
  const auto options = Parse(args);
  REQUIRE_FALSE(options.has_value());
  CHECK(options.error().code == 2);
  CHECK(FirstLine(options.error().stderr_text) == first_line);
  CHECK(options.error().stderr_text.find("\nUsage of stunc:\n") != std::string::npos);
}

}  // namespace

// What a recorded line does after the command line is judged (lookup, waiting) is for the tests
// that run the program. Deviation named in the specification: host:port is accepted.
TEST_CASE("recorded command lines of stunc end as the reference's", "[stunc][vectors]") {
  std::size_t judged = 0;
  for (const auto& entry : test::ReadJson("go-flags.json")) {
    if (entry["program"] != "stunc") continue;
    const auto args = entry["args"].get<std::vector<std::string>>();
    CAPTURE(args);
    std::string first = entry["stderr_first_line"];
    const auto options = Parse(args);
    const bool goes_on = first.starts_with("lookup ") || first.starts_with("read udp ");
    CHECK(options.has_value() == goes_on);
    ++judged;
    if (options) continue;
    if (const auto at = first.find("<prog>"); at != std::string::npos)
      first.replace(at, 6, "stunc");
    CHECK(options.error().code == entry["exit"].get<int>());
    CHECK(FirstLine(options.error().stderr_text) == first);
    CHECK(options.error().stdout_text.empty());
  }
  CHECK(judged == 9);
}

TEST_CASE("a command line without a host shows the flags", "[stunc]") {
  const auto options = Parse({});
  REQUIRE_FALSE(options.has_value());
  CHECK(options.error().code == 1);
  CHECK(options.error().stderr_text.find("usage: stunc <hostname> [port]\n  -4\t") == 0);
  CHECK(options.error().stderr_text.find(
            "\n  -timeout duration\n    \tresponse wait timeout (default 3s)\n") !=
        std::string::npos);
}

TEST_CASE("flags come before the host only, as in the reference", "[stunc]") {
  const auto options = Parse({"localhost", "-timeout", "1s"});
  REQUIRE_FALSE(options.has_value());
  CHECK(options.error().code == 1);
}

TEST_CASE("flags reach the options", "[stunc]") {
  const auto options = Parse({"--timeout=500ms", "-6", "-all-addrs", "-count", "5", "-interval",
                              "20ms", "-retries=3", "-format", "json-line", "-verbose", "h:1"});
  REQUIRE(options.has_value());
  CHECK(options->timeout == 500ms);
  CHECK(options->timeout_set);
  CHECK(options->family == AddressFamily::kIpv6);
  CHECK(options->all_addresses);
  CHECK(options->count == 5);
  CHECK(options->interval == 20ms);
  CHECK(options->retries == 3);
  CHECK(options->format == Format::kJsonLine);
  CHECK(options->verbose);
  CHECK(options->target.host == "h");
  CHECK(options->target.port == 1);
}

TEST_CASE("the reference's options are the defaults", "[stunc]") {
  const auto options = Parse({"h"});
  REQUIRE(options.has_value());
  CHECK(options->timeout == 3s);
  CHECK_FALSE(options->timeout_set);
  CHECK_FALSE(options->family.has_value());
  CHECK(options->count == 1);
  CHECK(options->retries == 0);
  CHECK(options->format == Format::kReference);
}

TEST_CASE("values that make no sense are usage errors", "[stunc]") {
  CheckUsageError({"-timeout", "5", "h"}, "invalid value \"5\" for flag -timeout: parse error");
  CheckUsageError({"-4", "-6", "h"}, "-4 and -6 exclude each other");
  CheckUsageError({"-count", "0", "h"}, "invalid value \"0\" for flag -count: 1 to 1000000");
  CheckUsageError({"-count", "1000001", "h"},
                  "invalid value \"1000001\" for flag -count: 1 to 1000000");
  CheckUsageError({"-retries", "-1", "h"}, "invalid value \"-1\" for flag -retries: 0 to 16");
  CheckUsageError({"-retries", "17", "h"}, "invalid value \"17\" for flag -retries: 0 to 16");
  CheckUsageError({"-format", "xml", "h"},
                  "invalid value \"xml\" for flag -format: text, json or json-line");
  CheckUsageError({"-interval", "1ms", "h"},
                  "-interval is too short: at least 10ms, to spare the server");
}

TEST_CASE("the environment gives defaults", "[stunc]") {
  const auto options = ParseOptions("stunc", {"h"}, {{"STUNC_TIMEOUT", "1s"}});
  REQUIRE(options.has_value());
  CHECK(options->timeout == 1s);
}

TEST_CASE("the version goes to standard output", "[stunc]") {
  const auto options = Parse({"-version"});
  REQUIRE_FALSE(options.has_value());
  CHECK(options.error().code == 0);
  CHECK_FALSE(options.error().stdout_text.empty());
  CHECK(options.error().stderr_text.empty());
}

}  // namespace derp::stunc
