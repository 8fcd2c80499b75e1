#include "common/base/go_duration.h"

#include <catch2/catch.hpp>

using namespace derp;

TEST_CASE("durations print as Go prints them", "[base]") {
  const auto [nanoseconds, text] =
      GENERATE(table<std::int64_t, std::string>({{0, "0s"},
                                                 {1, "1ns"},
                                                 {1500, "1.5µs"},
                                                 {483427, "483.427µs"},
                                                 {2500000, "2.5ms"},
                                                 {5650528, "5.650528ms"},
                                                 {100000000, "100ms"},
                                                 {1234567890, "1.23456789s"},
                                                 {15000000000, "15s"},
                                                 {90000000000, "1m30s"},
                                                 {3600000000000, "1h0m0s"},
                                                 {-10000000000, "-10s"},
                                                 {INT64_MIN, "-2562047h47m16.854775808s"}}));
  CHECK(FormatGoDuration(Duration(nanoseconds)) == text);
  CHECK(ParseGoDuration(text) == Duration(nanoseconds));
}

TEST_CASE("durations are read as Go reads them", "[base]") {
  CHECK(ParseGoDuration("1h2m3.5s") == Duration(3723500000000));
  CHECK(ParseGoDuration("100us") == Duration(100000));
  CHECK(ParseGoDuration("100μs") == Duration(100000));
  CHECK(ParseGoDuration("+.5s") == Duration(500000000));
  CHECK(ParseGoDuration("0") == Duration(0));
  CHECK(ParseGoDuration("1m") == Duration(60000000000));
}

TEST_CASE("what Go refuses as a duration is refused", "[base]") {
  const auto text = GENERATE(as<std::string>{}, "", "5", "1d", " 1s", "1s ", "9999999999h", ".s",
                             "-", "1.2.3s", "1", "--1s", "9223372036854775808ns");
  CAPTURE(text);
  CHECK_FALSE(ParseGoDuration(text).has_value());
}
