#include "derper/reloads.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

TEST_CASE("a part that cannot be reloaded does not keep the others from it", "[derper]") {
  std::vector<std::string> lines;
  const Logger logger([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  Reloads reloads(logger);
  reloads.Add("one", []() -> Expected<std::string, Error> {
    return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = "bad file"});
  });
  reloads.Add("two", []() -> Expected<std::string, Error> { return "2 keys"; });
  reloads.Run();
  reloads.Tell("three", std::string("later"));
  REQUIRE(lines.size() == 4);
  CHECK(lines[1] == "derper: reload: one failed, the old state stays: bad file");
  CHECK(lines[2] == "derper: reload: two: 2 keys");
  CHECK(lines[3] == "derper: reload: three: later");

  std::vector<metrics::Family> families;
  reloads.MetricsSource()(families);
  REQUIRE(families.size() == 1);
  CHECK(families[0].samples[0].value == 1);  // failed
  CHECK(families[0].samples[1].value == 2);  // ok
}

}  // namespace
}  // namespace derp::relay
