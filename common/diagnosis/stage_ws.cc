#include "common/diagnosis/stage_ws.h"

#include <array>

#include <fmt/format.h>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/http_question.h"
#include "common/diagnosis/units.h"
#include "common/http/websocket.h"
#include "common/http/websocket_handshake.h"
#include "common/wire/login.h"

namespace derp::diagnosis {

namespace {

using http::WebSocket;

constexpr std::string_view kProtocol = "derp";

Finding Refused(std::string fact) {
  return MakeFinding("ws.refused", "browsers cannot connect to it", std::move(fact),
                     "have the proxy pass WebSocket on, or use a relay that speaks it");
}

Finding BadProtocol(std::string fact) {
  return MakeFinding("ws.bad_protocol", "its WebSocket is not the one browsers need",
                     std::move(fact), "let /derp reach the relay");
}

// The answer to the handshake, judged as a browser judges it.
std::optional<Finding> JudgeAnswer(const http::ResponseHead& head, std::string_view key) {
  if (head.status != 101) {
    Finding finding = Refused(DescribeHead(head));
    finding.data["status"] = std::int64_t{head.status};
    return finding;
  }
  const std::string_view upgrade = head.headers.Get("Upgrade");
  if (!EqualsIgnoreCase(upgrade, "websocket")) {
    return Refused(
        fmt::format("switches to \"{}\" instead of WebSocket", PrintablePeerText(upgrade)));
  }
  if (head.headers.Get("Sec-WebSocket-Accept") != http::WebSocketAccept(key)) {
    return Refused("upgraded, but Sec-WebSocket-Accept does not fit the request");
  }
  const std::string_view protocol = head.headers.Get("Sec-WebSocket-Protocol");
  if (protocol != kProtocol) {
    return BadProtocol(protocol.empty() ? std::string("upgraded without a sub-protocol")
                                        : fmt::format("upgraded to the sub-protocol \"{}\"",
                                                      PrintablePeerText(protocol)));
  }
  return std::nullopt;
}

// Reads until the ServerKey frame is there.
class GreetingReader {
 public:
  GreetingReader(net::ByteStream& stream, const WalkContext& context, TimePoint deadline)
      : stream_(stream),
        context_(context),
        deadline_(deadline),
        start_(context.clock.Now()),
        socket_(WebSocket::Client([&context](ByteSpan out) { context.random.Fill(out); })) {}

  std::optional<Finding> Read(ByteView first, std::optional<NodePublic>& server) {
    if (auto finding = Feed(first, server); finding || server) return finding;
    std::array<std::uint8_t, 2048> chunk;
    for (;;) {
      const auto count = stream_.Read(chunk, deadline_);
      if (!count) return NoGreeting(count.error());
      if (auto finding = Feed(ByteView(chunk).first(*count), server); finding || server) {
        return finding;
      }
    }
  }

 private:
  std::optional<Finding> Feed(ByteView input, std::optional<NodePublic>& server) {
    const WebSocket::State state = socket_.Receive(input, content_);
    ByteView content = content_;
    const auto frame = wire::TakeFrame(content, kMaxServerGreeting);
    if (frame && *frame) {
      const auto key = wire::DecodeServerKey((*frame)->payload);
      if ((*frame)->type == wire::FrameType::kServerKey && key) {
        server = *key;
        Leave();
        return std::nullopt;
      }
    }
    if (!frame || *frame) return BadProtocol("the first frame is no relay's greeting");
    if (state == WebSocket::State::kBroken) return BadProtocol(std::string(socket_.fault_text()));
    if (state == WebSocket::State::kEnded) return Refused("upgraded, then closed");
    return std::nullopt;
  }

  Finding NoGreeting(const Error& error) const {
    const Duration waited = context_.clock.Now() - start_;
    return Refused(error.code == ErrorCode::kTimeout
                       ? fmt::format("upgraded, then silent for {}", ShortDuration(waited))
                       : fmt::format("upgraded, then closed after {}", Milliseconds(waited)));
  }

  // Whether it arrives does not matter any more.
  void Leave() {
    Bytes close;
    socket_.Close(http::WebSocketClose::kNormal, "", close);
    static_cast<void>(stream_.Write(close, deadline_));
  }

  net::ByteStream& stream_;
  const WalkContext& context_;
  TimePoint deadline_;
  TimePoint start_;
  WebSocket socket_;
  Bytes content_;
};

}  // namespace

WsStage RunWs(net::ByteStream& stream, const derpmap::Node& node, const WalkContext& context,
              TimePoint deadline) {
  std::array<std::uint8_t, 16> nonce;
  context.random.Fill(nonce);
  const std::string key = EncodeBase64(nonce);
  const TimePoint start = context.clock.Now();
  WsStage stage;
  const auto reply =
      AskHttp(stream, http::WebSocketRequestText(node.HostHeader(), "/derp", key, kProtocol),
              context.clock, deadline);
  if (reply) {
    stage.finding = JudgeAnswer(reply->head, key);
    if (!stage.finding) {
      stage.finding = GreetingReader(stream, context, deadline).Read(reply->rest, stage.server);
    }
  } else if (reply.error().code == ErrorCode::kTimeout) {
    stage.finding =
        Refused(fmt::format("no answer in {}", ShortDuration(context.clock.Now() - start)));
  } else {
    stage.finding = Refused("no answer: " + PrintablePeerText(reply.error().context));
  }
  stage.duration = context.clock.Now() - start;
  return stage;
}

Finding WsUnconnected(const Error& error) {
  return Refused("no further connection: " + PrintablePeerText(error.context));
}

}  // namespace derp::diagnosis
