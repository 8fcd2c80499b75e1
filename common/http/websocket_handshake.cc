#include "common/http/websocket_handshake.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/net/sha1.h"

namespace derp::http {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
constexpr std::size_t kKeySize = 24;                                        // base64 of 16 bytes

// Base64 of 16 bytes: 22 characters of the alphabet and two for padding.
bool IsKey(std::string_view key) {
  if (key.size() != kKeySize || !key.ends_with("==")) return false;
  return std::all_of(key.begin(), key.end() - 2, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

}  // namespace

std::string WebSocketAccept(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  return EncodeBase64(net::Sha1(AsBytes(text)));
}

std::string WebSocketRequestText(std::string_view host, std::string_view path, std::string_view key,
                                 std::string_view protocol) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
      path, host, key, protocol);
}

WebSocketOffer JudgeWebSocketRequest(const RequestHead& head, std::string_view protocol) {
  const Headers& headers = head.headers;
  WebSocketOffer offer;
  offer.key = headers.Get("Sec-WebSocket-Key");
  offer.speaks_protocol = headers.HasToken("Sec-WebSocket-Protocol", protocol);
  const auto refuse = [&offer](int status, std::string_view why) {
    offer.status = status;
    offer.refusal = why;
  };
  if (head.method != "GET") {
    refuse(405, "a WebSocket begins with GET");
  } else if (head.minor_version == 0 || !headers.HasToken("Connection", "upgrade")) {
    refuse(426, "a WebSocket needs Connection: Upgrade");
  } else if (headers.Get("Sec-WebSocket-Version") != "13") {
    refuse(400, "only version 13 of WebSocket is spoken here");
  } else if (headers.All("Sec-WebSocket-Key").size() != 1 || !IsKey(offer.key)) {
    refuse(400, "bad Sec-WebSocket-Key");
  }
  return offer;
}

std::string WebSocketReplyText(std::string_view key, std::string_view protocol) {
  std::string text = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-Websocket-Accept: {}\r\n",
      WebSocketAccept(key));
  if (!protocol.empty()) text += fmt::format("Sec-Websocket-Protocol: {}\r\n", protocol);
  return text + "Upgrade: websocket\r\n\r\n";
}

}  // namespace derp::http
