#include "common/http/websocket_handshake.h"

#include <catch2/catch.hpp>

#include "common/http/http_date.h"
#include "common/http/response.h"

using namespace derp;

namespace {

http::RequestHead Head(std::string_view text) {
  ByteView input = AsBytes(text);
  return http::TakeRequestHead(input).value().value();
}

}  // namespace

TEST_CASE("the handshake proves that the key was read", "[websocket]") {
  // RFC 6455 1.3.
  CHECK(http::WebSocketAccept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(http::WebSocketReplyText("dGhlIHNhbXBsZSBub25jZQ==", "derp") ==
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        "Sec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-Websocket-Protocol: derp\r\n"
        "Upgrade: websocket\r\n\r\n");
}

TEST_CASE("our own request is one we accept", "[websocket]") {
  const auto offer = http::JudgeWebSocketRequest(
      Head(http::WebSocketRequestText("h", "/derp", "dGhlIHNhbXBsZSBub25jZQ==", "derp")), "derp");
  CHECK(offer.status == 101);
  CHECK(offer.speaks_protocol);
  CHECK(offer.key == "dGhlIHNhbXBsZSBub25jZQ==");
}

TEST_CASE("requests that are no WebSocket are refused", "[websocket]") {
  struct Row {
    const char* first;
    const char* connection;
    const char* version;
    const char* key;
    int status;
  };
  const char* const good = "dGhlIHNhbXBsZSBub25jZQ==";
  const auto row = GENERATE_COPY(values<Row>({
      {"POST / HTTP/1.1", "Upgrade", "13", good, 405},
      {"GET / HTTP/1.0", "Upgrade", "13", good, 426},
      {"GET / HTTP/1.1", "close", "13", good, 426},
      {"GET / HTTP/1.1", "keep-alive, Upgrade", "8", good, 400},
      {"GET / HTTP/1.1", "keep-alive, Upgrade", "13", "short", 400},
      {"GET / HTTP/1.1", "keep-alive, Upgrade", "13", "dGhlIHNhbXBsZSBub25jZ===", 400},
      {"GET / HTTP/1.1", "keep-alive, Upgrade", "13", good, 101},
  }));
  const std::string text = std::string(row.first) + "\r\nHost: h\r\nConnection: " + row.connection +
                           "\r\nSec-WebSocket-Version: " + row.version +
                           "\r\nSec-WebSocket-Key: " + row.key + "\r\n\r\n";
  CAPTURE(text);
  const auto offer = http::JudgeWebSocketRequest(Head(text), "derp");
  CHECK(offer.status == row.status);
  CHECK_FALSE(offer.speaks_protocol);
}

TEST_CASE("a date is read as it is written", "[http]") {
  const WallTime time = FromUnixSeconds(1'795'259'423);
  CHECK(http::ParseHttpDate(http::FormatHttpDate(time)) == time);
  CHECK(http::ParseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT"));
  for (const char* bad : {"", "Thu, 30 Feb 2024 23:59:59 GMT", "Thu, 29 Feb 2024 24:59:59 GMT",
                          "Thursday, 29-Feb-24 23:59:59 GMT", "Thu, 29 Feb 2024 23:59:59 CET",
                          "Thu, 29 Fub 2024 23:59:59 GMT", "Thu, -9 Feb 2024 23:59:59 GMT",
                          "Thu, 29 Feb 9999 23:59:59 GMT"}) {
    CAPTURE(bad);
    CHECK_FALSE(http::ParseHttpDate(bad));
  }
}
