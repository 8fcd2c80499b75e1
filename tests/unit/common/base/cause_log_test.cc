#include "common/base/cause_log.h"

#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

namespace derp {
namespace {

struct Lines {
  std::vector<std::string> texts;
  Logger logger{[this](LogLevel, std::string_view text) { texts.emplace_back(text); },
                LogLevel::kInfo};
};

constexpr CauseLogLimits kTwoPerTenSeconds = {.burst = 2, .interval = std::chrono::seconds(10)};

TEST_CASE("a cause's burst passes, then a line per interval that counts what was left out",
          "[log]") {
  Lines lines;
  test::FakeClock clock;
  CauseLog log(lines.logger, clock, kTwoPerTenSeconds);
  for (int i = 0; i < 5; ++i) log.Info("ping", "line {}", i);
  CHECK(lines.texts == std::vector<std::string>{"line 0", "line 1"});
  clock.Advance(std::chrono::seconds(10));
  log.Info("ping", "line {}", 5);
  CHECK(lines.texts.back() == "line 5 (3 similar lines left out)");
  clock.Advance(std::chrono::seconds(10));
  log.Info("ping", "line {}", 6);
  CHECK(lines.texts.back() == "line 6");
}

TEST_CASE("a flood of one cause hides no other", "[log]") {
  Lines lines;
  test::FakeClock clock;
  CauseLog log(lines.logger, clock, kTwoPerTenSeconds);
  for (int i = 0; i < 100; ++i) log.Warn("flood", "flood");
  log.Warn("other", "other");
  CHECK(lines.texts == std::vector<std::string>{"flood", "flood", "other"});
}

TEST_CASE("causes without number share one limit", "[log]") {
  Lines lines;
  test::FakeClock clock;
  CauseLog log(lines.logger, clock, kTwoPerTenSeconds);
  for (std::size_t i = 0; i < CauseLog::kMaxCauses + 100; ++i) {
    log.Info(std::to_string(i), "{}", i);
  }
  CHECK(lines.texts.size() == CauseLog::kMaxCauses + 2);
}

TEST_CASE("limits that are off let every line pass", "[log]") {
  Lines lines;
  test::FakeClock clock;
  CauseLog log(lines.logger, clock, {.burst = 1, .off = true});
  for (int i = 0; i < 50; ++i) log.Info("ping", "ping");
  CHECK(lines.texts.size() == 50);
}

TEST_CASE("a line below the logger's level uses up nothing", "[log]") {
  std::vector<std::string> texts;
  const Logger quiet([&](LogLevel, std::string_view text) { texts.emplace_back(text); },
                     LogLevel::kWarn);
  test::FakeClock clock;
  CauseLog log(quiet, clock, {.burst = 1, .interval = std::chrono::seconds(10)});
  log.Info("ping", "quiet");
  log.Warn("ping", "loud");
  CHECK(texts == std::vector<std::string>{"loud"});
}

}  // namespace
}  // namespace derp
