#include "common/http/websocket.h"

#include <algorithm>
#include <utility>
#include <wslay/wslay.h>

#include "common/base/result.h"

namespace derp::http {

namespace {

constexpr std::size_t kMaxControl = 125;  // RFC 6455 5.5

using Context = std::unique_ptr<wslay_frame_context, decltype(&wslay_frame_context_free)>;

// RFC 6455 7.4: codes that may stand in a close frame.
bool IsCloseCode(unsigned code) {
  if (code < 1000 || code >= 5000) return false;
  return code >= 3000 || (code <= 1014 && code != 1004 && code != 1005 && code != 1006);
}

}  // namespace

struct WebSocket::Impl {
  Impl(bool is_server, FillRandom mask_bytes)
      : server(is_server), mask(std::move(mask_bytes)), context(MakeContext()) {}

  Context MakeContext() {
    const wslay_frame_callbacks callbacks = {&Impl::OnSend, &Impl::OnReceive, &Impl::OnMask};
    wslay_frame_context_ptr made = nullptr;
    Check(wslay_frame_context_init(&made, &callbacks, this) == 0, "no memory for a WebSocket");
    return {made, &wslay_frame_context_free};
  }

  static ssize_t OnSend(const std::uint8_t* data, std::size_t size, int, void* self) {
    AppendBytes(*static_cast<Impl*>(self)->output, ByteView(data, size));
    return static_cast<ssize_t>(size);
  }

  static ssize_t OnReceive(std::uint8_t* buffer, std::size_t size, int, void* self) {
    ByteView& input = static_cast<Impl*>(self)->input;
    if (input.empty()) return -1;
    const std::size_t count = std::min(size, input.size());
    std::copy_n(input.begin(), count, buffer);
    input = input.subspan(count);
    return static_cast<ssize_t>(count);
  }

  static int OnMask(std::uint8_t* buffer, std::size_t size, void* self) {
    static_cast<Impl*>(self)->mask(ByteSpan(buffer, size));
    return 0;
  }

  void Break(WebSocketClose code, std::string_view text) {
    state = State::kBroken;
    fault = code;
    fault_text = text;
    pong.reset();
    const auto number = static_cast<unsigned>(code);
    answer_close =
        Bytes{static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xff)};
  }

  // Judges a frame when its first bytes come.
  void BeginFrame(const wslay_frame_iocb& frame) {
    const auto bad = [this](std::string_view text) { Break(WebSocketClose::kProtocolError, text); };
    if (frame.rsv != 0) return bad("reserved bits without an extension");
    if ((frame.mask != 0) != server) {
      return bad(server ? "an unmasked frame of a client" : "a masked frame of a server");
    }
    in_frame = true;
    opcode = frame.opcode;
    final_frame = frame.fin != 0;
    frame_left = frame.payload_length;
    switch (opcode) {
      case WSLAY_CONTINUATION_FRAME:
        if (!in_message) return bad("a continuation of nothing");
        break;
      case WSLAY_BINARY_FRAME:
        if (in_message) return bad("a message within a message");
        message_size = 0;
        break;
      case WSLAY_TEXT_FRAME:
        return Break(WebSocketClose::kUnsupported, "a text message");
      case WSLAY_CONNECTION_CLOSE:
      case WSLAY_PING:
      case WSLAY_PONG:
        control.clear();
        return;
      default:
        return bad("an unknown kind of frame");
    }
    in_message = true;
    if (frame_left > kMaxWebSocketMessage || message_size + frame_left > kMaxWebSocketMessage) {
      return Break(WebSocketClose::kTooBig, "too long a message");
    }
    message_size += frame_left;
  }

  void EndFrame() {
    in_frame = false;
    if (opcode == WSLAY_PING) {
      pong = control;
    } else if (opcode == WSLAY_CONNECTION_CLOSE) {
      EndByPeer();
    } else if (opcode != WSLAY_PONG && final_frame) {
      in_message = false;
    }
  }

  void EndByPeer() {
    const bool good =
        control.empty() || (control.size() >= 2 && IsCloseCode(LoadU16Be(control.data())));
    if (!good) return Break(WebSocketClose::kProtocolError, "a malformed close");
    state = State::kEnded;
    pong.reset();
    control.resize(std::min<std::size_t>(control.size(), 2));
    answer_close = control;
  }

  void Take(Bytes& out) {
    while (state == State::kOpen) {
      wslay_frame_iocb frame{};
      const ssize_t count = wslay_frame_recv(context.get(), &frame);
      if (count == WSLAY_ERR_WANT_READ) {
        if (input.empty()) return;
        continue;
      }
      if (count < 0) return Break(WebSocketClose::kProtocolError, "a malformed frame");
      if (!in_frame) BeginFrame(frame);
      if (state != State::kOpen) return;
      const ByteView content(frame.data, static_cast<std::size_t>(count));
      frame_left -= std::min<std::uint64_t>(content.size(), frame_left);
      AppendBytes(wslay_is_ctrl_frame(opcode) != 0 ? control : out, content);
      if (frame_left == 0) EndFrame();
    }
  }

  void SendFrame(std::uint8_t kind, ByteView content, Bytes& out) {
    wslay_frame_iocb frame{};
    frame.fin = 1;
    frame.opcode = kind;
    frame.payload_length = content.size();
    frame.mask = server ? 0 : 1;
    frame.data = content.data();
    frame.data_length = content.size();
    output = &out;
    const ssize_t sent = wslay_frame_send(context.get(), &frame);
    output = nullptr;
    Check(sent == static_cast<ssize_t>(content.size()), "a WebSocket frame was not written whole");
  }

  const bool server;
  const FillRandom mask;
  Context context;
  ByteView input;           // of the Receive() under way
  Bytes* output = nullptr;  // of the SendFrame() under way

  State state = State::kOpen;
  WebSocketClose fault = WebSocketClose::kNormal;
  std::string_view fault_text;

  bool in_frame = false;
  std::uint8_t opcode = 0;
  bool final_frame = false;
  std::uint64_t frame_left = 0;
  bool in_message = false;
  std::uint64_t message_size = 0;
  Bytes control;  // content of the control frame under way

  std::optional<Bytes> pong;
  std::optional<Bytes> answer_close;
  bool closed = false;  // a close was sent
};

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&&) noexcept = default;
WebSocket::~WebSocket() = default;

WebSocket WebSocket::Server() { return WebSocket(std::make_unique<Impl>(true, nullptr)); }

WebSocket WebSocket::Client(FillRandom mask) {
  return WebSocket(std::make_unique<Impl>(false, std::move(mask)));
}

WebSocket::State WebSocket::Receive(ByteView input, Bytes& out) {
  impl_->input = input;
  impl_->Take(out);
  impl_->input = {};
  return impl_->state;
}

WebSocket::State WebSocket::state() const { return impl_->state; }
WebSocketClose WebSocket::fault() const { return impl_->fault; }
std::string_view WebSocket::fault_text() const { return impl_->fault_text; }

void WebSocket::Send(ByteView content, Bytes& out) {
  if (impl_->closed) return;
  while (!content.empty()) {
    const ByteView part = content.first(std::min(content.size(), kWebSocketSendSize));
    impl_->SendFrame(WSLAY_BINARY_FRAME, part, out);
    content = content.subspan(part.size());
  }
}

bool WebSocket::owes_answer() const {
  return !impl_->closed && (impl_->pong || impl_->answer_close);
}

void WebSocket::TakeAnswer(Bytes& out) {
  if (impl_->closed) return;
  if (const auto pong = std::exchange(impl_->pong, std::nullopt)) {
    impl_->SendFrame(WSLAY_PONG, *pong, out);
  }
  if (!impl_->answer_close) return;
  impl_->closed = true;
  impl_->SendFrame(WSLAY_CONNECTION_CLOSE, *impl_->answer_close, out);
}

void WebSocket::Close(WebSocketClose code, std::string_view text, Bytes& out) {
  if (std::exchange(impl_->closed, true)) return;
  Bytes content;
  AppendU16Be(content, static_cast<std::uint16_t>(code));
  AppendText(content, text.substr(0, kMaxControl - content.size()));
  impl_->SendFrame(WSLAY_CONNECTION_CLOSE, content, out);
}

}  // namespace derp::http
