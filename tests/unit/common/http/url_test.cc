#include "common/http/url.h"

#include <catch2/catch.hpp>

namespace derp::http {
namespace {

TEST_CASE("a target splits into path and query", "[http]") {
  const auto plain = ParseTarget("/derp/probe?a=b?c#frag");
  REQUIRE(plain.has_value());
  CHECK(plain->path == "/derp/probe");
  CHECK(plain->query == "a=b?c");
  CHECK(ParseTarget("http://host:80/x?y")->path == "/x");
  CHECK(ParseTarget("http://host?y")->path == "/");
  CHECK(ParseTarget("/a%20b%2Fc")->path == "/a b/c");
  CHECK(ParseTarget("/a%20b%2Fc")->raw_path == "/a%20b%2Fc");
  CHECK_FALSE(ParseTarget("/a%2").has_value());
  CHECK_FALSE(ParseTarget("/%zz").has_value());
}

TEST_CASE("query values are decoded, and broken parts left out", "[http]") {
  const std::string query = "name=derp%2Fnyc%2F1a&x=1+2&exclude=a&exclude=b&bad=%g1&semi;x=3&flag";
  CHECK(QueryValue(query, "name") == "derp/nyc/1a");
  CHECK(QueryValue(query, "x") == "1 2");
  CHECK(QueryValues(query, "exclude") == std::vector<std::string>{"a", "b"});
  CHECK(QueryValues(query, "bad").empty());
  CHECK(QueryValues(query, "flag") == std::vector<std::string>{""});
  CHECK(QueryValue(query, "none").empty());
  CHECK(QueryValue("", "none").empty());
}

TEST_CASE("what is encoded decodes to itself", "[http]") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(PercentDecode(PercentEncode(all), false) == all);
  CHECK(PercentDecode(PercentEncode(all), true) == all);
  CHECK(PercentEncode("derp/nyc") == "derp%2Fnyc");
}

TEST_CASE("paths are cleaned as Go's mux does", "[http]") {
  CHECK(CleanPath("/") == "/");
  CHECK(CleanPath("") == "/");
  CHECK(CleanPath("//x") == "/x");
  CHECK(CleanPath("/a/../b") == "/b");
  CHECK(CleanPath("/a/./b/") == "/a/b/");
  CHECK(CleanPath("/../../etc") == "/etc");
  CHECK(CleanPath("/a/..") == "/");
  CHECK(CleanPath("/debug/") == "/debug/");
}

}  // namespace
}  // namespace derp::http
