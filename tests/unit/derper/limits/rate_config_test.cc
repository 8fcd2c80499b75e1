#include "derper/limits/rate_config.h"

#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace derp;
using namespace derp::relay;

namespace {

const std::string kKey = "nodekey:" + std::string(62, '0') + "1f";

RateConfig Good(std::string_view text) {
  auto config = ParseRateConfig(text);
  if (!config) FAIL(config.error().context);
  return *config;
}

std::string WhatIsWrong(std::string_view text) {
  const auto config = ParseRateConfig(text);
  return config ? "" : config.error().context;
}

}  // namespace

TEST_CASE("the members of the Go program are read as it reads them", "[limits]") {
  CHECK(Good(R"({"PerClientRateLimitBytesPerSec": 1250000, "PerClientRateBurstBytes": 2500000})")
            .client == ByteRate{.per_second = 1250000, .burst = 2500000});
  CHECK(Good(R"({"PERCLIENTRATELIMITBYTESPERSEC": 1, "perclientrateburstbytes": 70000})").client ==
        ByteRate{.per_second = 1, .burst = 70000});
  CHECK(Good("{}").client == ByteRate{});
  CHECK(Good("null").client == ByteRate{});
  CHECK(
      Good(R"({"PerClientRateLimitBytesPerSec": null, "PerClientRateBurstBytes": null})").client ==
      ByteRate{});
  CHECK(Good(R"({"PerClientRateLimitBytesPerSec": 18446744073709551615})").client.per_second ==
        18446744073709551615U);
}

TEST_CASE("a burst always holds the largest frame, and means nothing without a rate", "[limits]") {
  CHECK(Good(R"({"PerClientRateLimitBytesPerSec": 1000})").client.burst == 65568);
  CHECK(Good(R"({"PerClientRateLimitBytesPerSec": 1000, "PerClientRateBurstBytes": 65567})")
            .client.burst == 65568);
  CHECK(Good(R"({"PerClientRateLimitBytesPerSec": 1000, "PerClientRateBurstBytes": 65569})")
            .client.burst == 65569);
  CHECK(Good(R"({"PerClientRateBurstBytes": 100000})").client == ByteRate{});
}

TEST_CASE("what is ours stands in the same file", "[limits]") {
  const RateConfig config = Good(fmt::format(R"({{
    "DailyQuotaBytes": 5, "GlobalRateLimitBytesPerSec": 7,
    "Overrides": {{"{}": {{"RateLimitBytesPerSec": 9, "RateBurstBytes": 100000, "DailyQuotaBytes": 11}}}}
  }})",
                                             kKey));
  CHECK(config.daily_quota == 5);
  CHECK(config.global_rate == 7);
  REQUIRE(config.overrides.size() == 1);
  const auto& [key, limits] = *config.overrides.begin();
  CHECK(key.ToString() == kKey);
  CHECK(limits.rate == ByteRate{.per_second = 9, .burst = 100000});
  CHECK(limits.daily_quota == 11U);
  CHECK(config.has_quotas());
  CHECK(config.unknown.empty());
}

TEST_CASE("an override changes what it names and lifts what it sets to 0", "[limits]") {
  const auto limits = [](std::string_view text) {
    return Good(fmt::format(R"({{"overrides": {{"{}": {}}}}})", kKey, text))
        .overrides.begin()
        ->second;
  };
  CHECK_FALSE(limits("{}").rate);
  CHECK_FALSE(limits("{}").daily_quota);
  CHECK(limits(R"({"ratelimitbytespersec": 0})").rate == ByteRate{});
  CHECK(limits(R"({"RateLimitBytesPerSec": 5})").rate == ByteRate{.per_second = 5, .burst = 65568});
  CHECK(limits(R"({"DailyQuotaBytes": 0})").daily_quota == 0U);
  CHECK_FALSE(limits(R"({"RateLimitBytesPerSec": null})").rate);
}

TEST_CASE("names without a meaning are ignored and told", "[limits]") {
  const RateConfig config = Good(fmt::format(
      R"({{"PerClientRateLimit": 5, "x\n": {{}}, "Overrides": {{"{}": {{"Quota": 1}}}}}})", kKey));
  CHECK(config.unknown == std::vector<std::string>{"Quota", "PerClientRateLimit", "x\\x0a"});
}

TEST_CASE("a mistake is told with the member and its value", "[limits]") {
  const std::string range = " is not a whole number from 0 to 18446744073709551615";
  CHECK(WhatIsWrong("") == "not JSON");
  CHECK(WhatIsWrong("{\"a\": 1,}") == "not JSON");
  CHECK(WhatIsWrong("[]") == "an array is not an object");
  CHECK(WhatIsWrong("7") == "7 is not an object");
  for (const char* value : {"-1", "1.5", "1e6", "18446744073709551616", "\"5\"", "true"}) {
    CAPTURE(value);
    CHECK_FALSE(
        WhatIsWrong(fmt::format(R"({{"PerClientRateLimitBytesPerSec": {}}})", value)).empty());
  }
  CHECK(WhatIsWrong(R"({"PerClientRateLimitBytesPerSec": -1})") ==
        "PerClientRateLimitBytesPerSec: -1" + range);
  CHECK(WhatIsWrong(R"({"DailyQuotaBytes": "5"})") == "DailyQuotaBytes: \"5\"" + range);
  CHECK(WhatIsWrong(R"({"PerClientRateBurstBytes": [[1]]})") ==
        "PerClientRateBurstBytes: an array" + range);
  CHECK(WhatIsWrong(R"({"Overrides": 5})") == "Overrides: 5 is not an object");
  CHECK(WhatIsWrong(R"({"Overrides": {"nodekey:12": {}}})") ==
        "Overrides: nodekey:12 is not \"nodekey:\" and 64 hex digits");
  const auto in_override = [](std::string_view value) {
    return WhatIsWrong(fmt::format(R"({{"Overrides": {{"{}": {}}}}})", kKey, value));
  };
  CHECK(in_override("5") == "Overrides: " + kKey + ": 5 is not an object");
  CHECK(in_override(R"({"DailyQuotaBytes": 1.5})") ==
        "Overrides: " + kKey + ".DailyQuotaBytes: 1.5" + range);
  CHECK(in_override(R"({"RateBurstBytes": 7})") ==
        "Overrides: " + kKey + ".RateBurstBytes: 7 without RateLimitBytesPerSec");
}

TEST_CASE("a deep or a long file is refused without harm", "[limits]") {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  CHECK(WhatIsWrong(deep) == "an array is not an object");
  CHECK(
      WhatIsWrong("{\"DailyQuotaBytes\": " + deep + "}").starts_with("DailyQuotaBytes: an array"));
  CHECK(WhatIsWrong(std::string(kMaxRateConfig + 1, ' ')) == "more than 8388608 bytes");
}
