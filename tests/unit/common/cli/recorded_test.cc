// The recorded command lines of the Go programs, read with the flags they name. Four of them differ
// on purpose: leftover words are a usage error here.
#include <limits>
#include <set>

#include <catch2/catch.hpp>

#include "common/cli/flags.h"
#include "tests/support/vectors.h"

namespace derp::cli {
namespace {

using Words = std::vector<std::string>;

struct Values {
  bool flag[5] = {};
  std::int64_t number[5] = {};
  double limit = 0;
  std::string text[2];
  Duration duration[2] = {};
  Words words;
};

void Register(const std::string& program, FlagSet& flags, Values& values) {
  if (program == "stunc") {
    flags.AllowPositional(&values.words, "<prog> <hostname> [port]");
    return;
  }
  flags.Bool("version", &values.flag[0], "");
  flags.Bool("derp", &values.flag[1], "");
  flags.Bool("verify-clients", &values.flag[2], "");
  flags.Int("http-port", &values.number[0], "");
  flags.Int("accept-connection-burst", &values.number[1], "");
  flags.Int("bw-probe-size-bytes", &values.number[2], "");
  flags.Int("qd-packets-per-second", &values.number[3], "");
  flags.Float("accept-connection-limit", &values.limit, "");
  flags.Text("a", &values.text[0], "");
  flags.Text("verify-client-url", &values.text[1], "");
  flags.DurationFlag("tcp-keepalive-time", &values.duration[0], "");
  flags.DurationFlag("interval", &values.duration[1], "");
}

TEST_CASE("recorded command lines are read as Go reads them", "[cli][recorded]") {
  const std::set<Words> ours_refuses = {
      {"-"}, {"--", "-version"}, {"-derp", "false", "-version"}, {"extra", "-version"}};
  std::size_t deviations = 0;
  for (const auto& row : test::ReadJson("go-flags.json")) {
    CAPTURE(row.dump());
    Values values;
    FlagSet flags("<prog>", "");
    Register(row["program"], flags, values);
    const Words words = row["args"].get<Words>();
    const ParseResult result = flags.Parse(words, {});
    const std::string first_line = result.stderr_text.substr(0, result.stderr_text.find('\n'));

    if (row["program"] == "derper" && ours_refuses.contains(words)) {
      ++deviations;
      CHECK(result.exit_code == 2);
      CHECK(first_line.starts_with("unexpected argument"));
      continue;
    }
    // Status 1 is the program's own, after the flags were accepted.
    const bool runs = row["runs"] || row["prints_version"] || row["exit"] == 1;
    CHECK((result.action == ParseResult::Action::kRun) == runs);
    CHECK(values.flag[0] == row["prints_version"].get<bool>());
    if (runs) continue;
    CHECK(result.exit_code == row["exit"]);
    CHECK(first_line == row["stderr_first_line"]);
  }
  CHECK(deviations == ours_refuses.size());
}

}  // namespace
}  // namespace derp::cli
