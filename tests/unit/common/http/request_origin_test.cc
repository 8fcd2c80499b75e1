#include "common/http/request_origin.h"

#include <catch2/catch.hpp>

namespace derp::http {
namespace {

Request From(std::string_view ip, std::string query = {}, Headers headers = {}) {
  return Request{.head = {.method = "GET", .headers = std::move(headers)},
                 .query = std::move(query),
                 .remote = {*IpAddress::Parse(ip), 1000}};
}

TEST_CASE("a request caused by another site's page is told", "[http]") {
  const auto foreign = [](std::string_view ip, Headers headers) {
    return IsForeignRequest(From(ip, "", std::move(headers)));
  };
  CHECK_FALSE(foreign("192.0.2.1", {{"Host", "probe.test:8030"}}));
  CHECK_FALSE(foreign("192.0.2.1", {{"Host", "p:1"}, {"Origin", "http://p:1"}}));
  CHECK_FALSE(foreign("192.0.2.1", {{"Host", "p"}, {"Sec-Fetch-Site", "same-origin"}}));
  CHECK(foreign("192.0.2.1", {{"Host", "p:1"}, {"Origin", "http://evil.test"}}));
  CHECK(foreign("192.0.2.1", {{"Host", "p:1"}, {"Origin", "https://p:1"}}));
  CHECK(foreign("192.0.2.1", {{"Host", "p:1"}, {"Origin", "null"}}));
  CHECK(foreign("192.0.2.1", {{"Host", "p"}, {"Sec-Fetch-Site", "cross-site"}}));
  CHECK_FALSE(foreign("127.0.0.1", {{"Host", "localhost:8030"}}));
  CHECK_FALSE(foreign("::1", {{"Host", "[::1]:8030"}}));
  CHECK_FALSE(foreign("::1", {{"Host", "[::1]"}}));
  CHECK_FALSE(foreign("127.0.0.1", {{"Host", "127.0.0.1"}}));
  CHECK(foreign("127.0.0.1", {{"Host", "evil.test:8030"}}));
}

TEST_CASE("the debug key is not logged, however it is spelt", "[http]") {
  CHECK(LoggableTarget("/debug/varz?a=b&debugkey=secret&c") == "/debug/varz?a=b&debugkey=***&c");
  CHECK(LoggableTarget("/x?debug%6bey=secret") == "/x?debugkey=***");
  CHECK(LoggableTarget("/x") == "/x");
}

}  // namespace
}  // namespace derp::http
