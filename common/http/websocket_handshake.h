// The HTTP texts before a WebSocket (RFC 6455 4), for both sides. One sub-protocol, no extensions;
// any Origin, since DERP authenticates by key.
#pragma once

#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/http/request_head.h"

namespace derp::http {

// What the server proves with that it read Sec-WebSocket-Key.
std::string WebSocketAccept(std::string_view key);

// The key is base64 of 16 random bytes.
std::string WebSocketRequestText(std::string_view host, std::string_view path, std::string_view key,
                                 std::string_view protocol);

// The server's view of a request whose Upgrade header says "websocket".
struct WebSocketOffer {
  int status = 101;              // else what to refuse it with
  std::string_view refusal;      // words for that
  std::string key;               // Sec-WebSocket-Key
  bool speaks_protocol = false;  // the sub-protocol is among those offered
};
WebSocketOffer JudgeWebSocketRequest(const RequestHead& head, std::string_view protocol);

// `protocol` empty: none was agreed on.
std::string WebSocketReplyText(std::string_view key, std::string_view protocol);

}  // namespace derp::http
