#include "common/http/request_head.h"

#include <catch2/catch.hpp>

namespace derp::http {
namespace {

Expected<std::optional<RequestHead>, HeadError> Take(std::string_view text,
                                                     std::size_t max_size = kMaxRequestHead) {
  ByteView input = AsBytes(text);
  return TakeRequestHead(input, max_size);
}

RequestHead Whole(std::string_view text) {
  auto head = Take(text);
  REQUIRE(head.has_value());
  REQUIRE(head->has_value());
  return std::move(**head);
}

HeadError Refusal(std::string_view text) {
  const auto head = Take(text);
  REQUIRE_FALSE(head.has_value());
  return head.error();
}

constexpr std::string_view kUpgrade =
    "GET /derp HTTP/1.1\r\nHost: derp1.test\r\nUpgrade: DERP\r\nConnection: Upgrade\r\n"
    "Derp-Fast-Start: 1\r\n\r\n";

TEST_CASE("a DERP upgrade request gives method, target and headers", "[http]") {
  const RequestHead head = Whole(kUpgrade);
  CHECK(head.method == "GET");
  CHECK(head.target == "/derp");
  CHECK(head.minor_version == 1);
  CHECK(head.headers.size() == 4);
  CHECK(head.headers.Get("host") == "derp1.test");
  CHECK(head.headers.Get("DERP-FAST-START") == "1");
  CHECK(head.headers.HasToken("Connection", "upgrade"));
  CHECK(head.WantsKeepAlive());
}

TEST_CASE("a request head is found wherever the stream is cut, and the rest stays", "[http]") {
  const std::string stream = std::string(kUpgrade) + "\x02\x01\x03";
  const auto cut = GENERATE_REF(range<std::size_t>(0, kUpgrade.size() + 4));
  CAPTURE(cut);
  ByteView input = AsBytes(stream).first(cut);
  const auto head = TakeRequestHead(input);
  REQUIRE(head.has_value());
  CHECK(head->has_value() == (cut >= kUpgrade.size()));
  CHECK(input.size() == (cut >= kUpgrade.size() ? cut - kUpgrade.size() : cut));
}

TEST_CASE("what Go's server accepts is accepted", "[http]") {
  CHECK(Whole("GET / HTTP/1.0\r\n\r\n").minor_version == 0);
  CHECK_FALSE(Whole("GET / HTTP/1.0\r\n\r\n").WantsKeepAlive());
  CHECK(Whole("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").WantsKeepAlive());
  CHECK_FALSE(Whole("GET / HTTP/1.1\r\nHost: a\r\nConnection: a, Close\r\n\r\n").WantsKeepAlive());
  CHECK(Whole("GET / HTTP/1.1\nHost: a\n\n").headers.Get("Host") == "a");
  CHECK(Whole("BREW /pot?x=1 HTTP/1.1\r\nHost: a:80\r\n\r\n").method == "BREW");
  CHECK(Whole("GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n").target == "http://a/b");
  CHECK(Whole("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").target == "a:443");
  CHECK(Whole("OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").target == "*");
  CHECK(Whole("GET / HTTP/1.1\r\nHost:\r\nX:  a b \t\r\n\r\n").headers.Get("x") == "a b");
  CHECK(Whole("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").method == "GET");
}

TEST_CASE("a request head that readers could take differently is refused", "[http]") {
  const auto text = GENERATE(values<std::string_view>({
      "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
      "GET /\r\nHost: a\r\n\r\n",
      "GET path HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
      "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  }));
  CAPTURE(text);
  CHECK(Refusal(text) == HeadError::kMalformed);
}

TEST_CASE("a NUL byte in a field is refused", "[http]") {
  CHECK(Refusal(std::string_view("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 33)) ==
        HeadError::kMalformed);
}

TEST_CASE("Host is required once, with characters of a host", "[http]") {
  CHECK(Refusal("GET / HTTP/1.1\r\n\r\n") == HeadError::kMissingHost);
  CHECK(Refusal("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n") == HeadError::kBadHost);
  CHECK(Refusal("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == HeadError::kBadHost);
  CHECK(HeadErrorStatus(HeadError::kMissingHost) == 400);
}

TEST_CASE("another protocol version is told apart", "[http]") {
  CHECK(Refusal("PRI * HTTP/2.0\r\n\r\n") == HeadError::kUnsupportedVersion);
  CHECK(HeadErrorStatus(HeadError::kUnsupportedVersion) == 505);
}

TEST_CASE("a head above the limit is refused, with and without its end", "[http]") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100, 'x') + "\r\n\r\n";
  CHECK(Take(head, head.size())->has_value());
  CHECK(Take(head, head.size() - 1).error() == HeadError::kTooLarge);
  CHECK(Take(head.substr(0, 100), 100).error() == HeadError::kTooLarge);
  CHECK_FALSE(Take(head.substr(0, 99), 100)->has_value());
  CHECK(HeadErrorStatus(HeadError::kTooLarge) == 431);
}

TEST_CASE("too many header fields are refused", "[http]") {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 1; i < kMaxHeaderFields; ++i) head += "a:\r\n";
  CHECK(Whole(head + "\r\n").headers.size() == kMaxHeaderFields);
  CHECK(Refusal(head + "a:\r\n\r\n") == HeadError::kTooLarge);
}

TEST_CASE("a TLS client at a plain port is refused by its first byte", "[http]") {
  CHECK(Refusal("\x16") == HeadError::kMalformed);
  CHECK(Refusal("\x16\x03\x01") == HeadError::kMalformed);
}

}  // namespace
}  // namespace derp::http
