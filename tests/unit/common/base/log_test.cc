#include "common/base/log.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace derp;

TEST_CASE("a logger drops what is below its level", "[base]") {
  std::vector<std::string> lines;
  const Logger logger([&](LogLevel, std::string_view text) { lines.emplace_back(text); },
                      LogLevel::kWarn);
  logger.Info("not {}", 1);
  logger.Warn("seen {}", 2);
  CHECK(lines == std::vector<std::string>{"seen 2"});
}

TEST_CASE("a rate-limited log passes a burst, then says how much it left out", "[base]") {
  std::vector<std::string> lines;
  const Logger logger([&](LogLevel, std::string_view text) { lines.emplace_back(text); });
  test::FakeClock clock;
  RateLimitedLog limited(logger, clock, 2, std::chrono::seconds(10));
  for (int i = 0; i < 5; ++i) limited.Write(LogLevel::kWarn, "refused");
  CHECK(lines.size() == 2);
  clock.Advance(std::chrono::seconds(10));
  limited.Write(LogLevel::kWarn, "refused");
  REQUIRE(lines.size() == 3);
  CHECK(lines[2] == "refused (3 similar lines left out)");
}
