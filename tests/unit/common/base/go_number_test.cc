#include "common/base/go_number.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

namespace derp {
namespace {

TEST_CASE("whole numbers are read in every base Go knows", "[base][number]") {
  struct Row {
    const char* text;
    std::int64_t value;
  };
  const Row row = GENERATE(Row{"0", 0}, Row{"80", 80}, Row{"+80", 80}, Row{"-1", -1},
                           Row{"0x50", 80}, Row{"0X_5_0", 80}, Row{"0b11", 3}, Row{"0o17", 15},
                           Row{"017", 15}, Row{"0_7", 7}, Row{"1_000", 1000},
                           Row{"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
                           Row{"-9223372036854775808", std::numeric_limits<std::int64_t>::min()});
  CAPTURE(row.text);
  const auto value = ParseGoInt(row.text);
  REQUIRE(value.has_value());
  CHECK(*value == row.value);
}

TEST_CASE("what is no whole number is told apart from what is too large", "[base][number]") {
  for (const char* text :
       {"", "-", "x", " 80", "80 ", "80.0", "0x", "08", "0b2", "1__0", "_1", "1_", "1e6", "--1"}) {
    CAPTURE(text);
    const auto value = ParseGoInt(text);
    REQUIRE(!value.has_value());
    CHECK(value.error() == NumberError::kSyntax);
  }
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "99999999999999999999",
                           "0xffffffffffffffff"}) {
    CAPTURE(text);
    const auto value = ParseGoInt(text);
    REQUIRE(!value.has_value());
    CHECK(value.error() == NumberError::kRange);
  }
}

TEST_CASE("floating-point numbers are read in Go's forms", "[base][number]") {
  struct Row {
    const char* text;
    double value;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const Row row = GENERATE_COPY(
      Row{"0", 0}, Row{".5", 0.5}, Row{"5.", 5}, Row{"1e3", 1000}, Row{"1E+3", 1000},
      Row{"-2.5e-1", -0.25}, Row{"0x1p4", 16}, Row{"0X.8P1", 1}, Row{"1_0.2_5", 10.25},
      Row{"inf", infinity}, Row{"+Inf", infinity}, Row{"-INFINITY", -infinity}, Row{"1e-999", 0});
  CAPTURE(row.text);
  const auto value = ParseGoFloat(row.text);
  REQUIRE(value.has_value());
  CHECK(*value == row.value);
}

TEST_CASE("not a number is a number to Go, but not with a sign", "[base][number]") {
  REQUIRE(ParseGoFloat("NaN").has_value());
  CHECK(std::isnan(*ParseGoFloat("nan")));
  CHECK_FALSE(ParseGoFloat("+nan").has_value());
}

TEST_CASE("broken and oversized floating-point texts are refused", "[base][number]") {
  for (const char* text : {"", ".", "x", " 1", "1 ", "1e", "e1", "0x10", "0x", "0xp1", "1__0", "_1",
                           "1_", "1_.5", "infi", "nanx", "1e3x"}) {
    CAPTURE(text);
    const auto value = ParseGoFloat(text);
    REQUIRE(!value.has_value());
    CHECK(value.error() == NumberError::kSyntax);
  }
  REQUIRE(!ParseGoFloat("1e999").has_value());
  CHECK(ParseGoFloat("1e999").error() == NumberError::kRange);
}

TEST_CASE("truth values are Go's twelve words", "[base][number]") {
  CHECK(ParseGoBool("T") == true);
  CHECK(ParseGoBool("False") == false);
  for (const char* text : {"", "yes", "no", "on", "tRUE", " true", "2"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseGoBool(text).has_value());
  }
}

TEST_CASE("numbers print as Go prints them", "[base][number]") {
  CHECK(FormatGoFloat(0) == "0");
  CHECK(FormatGoFloat(1.5) == "1.5");
  CHECK(FormatGoFloat(-0.001) == "-0.001");
  CHECK(FormatGoFloat(0.00001) == "1e-05");
  CHECK(FormatGoFloat(100000) == "100000");
  CHECK(FormatGoFloat(1e6) == "1e+06");
  CHECK(FormatGoFloat(123456789) == "1.23456789e+08");
  CHECK(FormatGoFloat(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(FormatGoFloat(-std::numeric_limits<double>::infinity()) == "-Inf");
  CHECK(FormatGoFloat(std::nan("")) == "NaN");
}

}  // namespace
}  // namespace derp
