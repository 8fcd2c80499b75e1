// WebSocket behind its handshake, without I/O, for both sides: a stream of bytes carried as binary
// messages whose borders mean nothing (RFC 6455 5 to 7; derp-protocol.md 3.8). No text, no
// extensions. Content is passed on as it comes, so no message takes memory. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"

namespace derp::http {

// What is sent is cut into messages of this size: some receivers end at 32 KiB.
inline constexpr std::size_t kWebSocketSendSize = 16 * 1024;
// More than any sender of packets puts into one message.
inline constexpr std::uint64_t kMaxWebSocketMessage = 1024 * 1024;

enum class WebSocketClose : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupported = 1003,  // a text message
  kPolicy = 1008,
  kTooBig = 1009,
};

class WebSocket {
 public:
  enum class State {
    kOpen,
    kEnded,   // the other side closed in good order
    kBroken,  // it broke the rules; fault() says which
  };
  using FillRandom = std::function<void(ByteSpan)>;

  // A client masks what it sends with bytes from `mask`, and a server must not.
  static WebSocket Server();
  static WebSocket Client(FillRandom mask);
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;
  ~WebSocket();

  // Takes all of `input` and appends the content of binary messages to `out`. What stands behind a
  // close or an error is not looked at.
  State Receive(ByteView input, Bytes& out);
  State state() const;
  // How the rules were broken: the close code for it, and words for a log.
  WebSocketClose fault() const;
  std::string_view fault_text() const;

  // Appends `content` as messages. Nothing once Close() was called or a close was answered.
  void Send(ByteView content, Bytes& out);

  // What is owed to the other side: a pong for its latest ping, the answer to its close, the close
  // for its fault. Bounded however much it sends.
  bool owes_answer() const;
  void TakeAnswer(Bytes& out);

  // Our close; only the first one counts.
  void Close(WebSocketClose code, std::string_view text, Bytes& out);

 private:
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::http
