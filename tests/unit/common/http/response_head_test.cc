#include "common/http/response_head.h"

#include <catch2/catch.hpp>

namespace derp::http {
namespace {

constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\nConnection: Upgrade\r\n"
    "Derp-Version: 2\r\n\r\n";

Expected<std::optional<ResponseHead>, HeadError> Take(std::string_view text,
                                                      std::size_t max_size = kMaxRequestHead) {
  ByteView input = AsBytes(text);
  return TakeResponseHead(input, max_size);
}

TEST_CASE("a 101 reply is found wherever the stream is cut, and the rest stays", "[http]") {
  const std::string stream = std::string(kSwitch) + "\x01\x02";
  const auto cut = GENERATE_REF(range<std::size_t>(0, kSwitch.size() + 3));
  CAPTURE(cut);
  ByteView input = AsBytes(stream).first(cut);
  const auto head = TakeResponseHead(input);
  REQUIRE(head.has_value());
  const bool whole = cut >= kSwitch.size();
  REQUIRE(head->has_value() == whole);
  CHECK(input.size() == (whole ? cut - kSwitch.size() : cut));
  if (whole) {
    CHECK((*head)->status == 101);
    CHECK((*head)->reason == "Switching Protocols");
    CHECK((*head)->headers.Get("derp-version") == "2");
  }
}

TEST_CASE("a reason may be empty or missing, and lines may end in LF alone", "[http]") {
  CHECK(Take("HTTP/1.1 200 \r\n\r\n")->value().reason.empty());
  CHECK(Take("HTTP/1.0 204\r\n\r\n")->value().status == 204);
  CHECK(Take("HTTP/1.0 204\r\n\r\n")->value().minor_version == 0);
  CHECK(Take("HTTP/1.1 404 Not Found\nA: b\n\n")->value().headers.Get("a") == "b");
}

TEST_CASE("a malformed status line or field is refused", "[http]") {
  const auto text = GENERATE(values<std::string_view>({
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 x\r\n\r\n",
      "HTTP/1.1\r\n\r\n",
      "HTTP/1.x 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
      "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
      "HTTP/1.1 200 a\rb\r\n\r\n",
  }));
  CAPTURE(text);
  REQUIRE_FALSE(Take(text).has_value());
  CHECK(Take(text).error() == HeadError::kMalformed);
}

TEST_CASE("another protocol fails by its first bytes", "[http]") {
  CHECK(Take("SSH-2.0-OpenSSH_9.2").error() == HeadError::kMalformed);
  CHECK(Take("\x15\x03\x03").error() == HeadError::kMalformed);
  CHECK(Take("HTTX").error() == HeadError::kMalformed);
  CHECK(Take("HTTP/2 200\r\n").error() == HeadError::kUnsupportedVersion);
}

TEST_CASE("a response head above the limit is refused", "[http]") {
  CHECK(Take(kSwitch, kSwitch.size() - 1).error() == HeadError::kTooLarge);
  CHECK(Take(kSwitch, kSwitch.size())->has_value());
}

}  // namespace
}  // namespace derp::http
