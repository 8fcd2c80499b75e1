// A connection whose DERP stream comes within WebSocket (derp-protocol.md 3.8): browsers.
#include <utility>

#include "common/http/websocket_handshake.h"
#include "derper/relay/connection/connection.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

constexpr std::string_view kProtocol = "derp";
constexpr std::string_view kWrongProtocol = "client must speak the derp subprotocol";
constexpr auto kFarewell = std::chrono::seconds(1);

http::Response Refusal(const http::WebSocketOffer& offer) {
  http::Response response = http::ErrorReply(offer.status, offer.refusal);
  response.headers.Set("Connection", "close");
  if (offer.status == 400) response.headers.Set("Sec-WebSocket-Version", "13");
  if (offer.status == 405) response.headers.Set("Allow", "GET");
  return response;
}

}  // namespace

bool Connection::StartWebSocket(const http::RequestHead& head, ByteView input) {
  const http::WebSocketOffer offer = http::JudgeWebSocketRequest(head, kProtocol);
  if (offer.status != 101) {
    Respond(Refusal(offer));
    return FeedHttp(input);
  }
  const Bytes early = http_->TakeOver();
  http_.reset();
  websocket_.emplace(http::WebSocket::Server());
  AppendText(outbox_, http::WebSocketReplyText(offer.key, offer.speaks_protocol ? kProtocol : ""));
  if (!offer.speaks_protocol) {
    websocket_->Close(http::WebSocketClose::kPolicy, kWrongProtocol, outbox_);
    EndWebSocket();
    return true;
  }
  worker_.counters().websocket_accepts.Add();
  StartLoginStage();
  websocket_->Send(LoginStage::Greeting(worker_.server_key(), /*fast_start=*/true), outbox_);
  worker_.FlushLater(self_);
  return OnPlain(early) && OnPlain(input);
}

bool Connection::FeedWebSocket(ByteView input) {
  Bytes& content = worker_.scratch().unwrapped;
  content.clear();
  const http::WebSocket::State state = websocket_->Receive(input, content);
  if (!frames_.Feed(content, *this, worker_.pool())) {
    RefuseProtocol(PeerFault::kFrame, "frame out of place");
    return false;
  }
  if (websocket_->owes_answer()) worker_.FlushLater(self_);
  if (state == http::WebSocket::State::kOpen) return true;
  if (state == http::WebSocket::State::kBroken) {
    NotePeerFault(PeerFault::kWebSocket, websocket_->fault_text());
  } else if (paused()) {
    pause_.ended = true;
    return true;
  }
  EndWebSocket();
  return true;
}

// The client leaves the region at once; what it is still owed is a close frame.
void Connection::EndWebSocket() {
  login_.reset();
  session_.reset();
  StartDraining(kFarewell);
}

void Connection::CloseWebSocket() {
  if (!websocket_ || transport_.failed() || transport_.blocked()) return;
  Bytes farewell = std::exchange(outbox_, {});  // the handshake, if the stream ends so early
  websocket_->Close(http::WebSocketClose::kNormal, "", farewell);
  if (!farewell.empty()) transport_.Write(farewell, worker_.scratch(), worker_.Now());
}

void Connection::WriteStream(ByteView bytes) {
  IoScratch& scratch = worker_.scratch();
  if (!websocket_) {
    transport_.Write(bytes, scratch, worker_.Now());
    return;
  }
  scratch.wrapped.clear();
  websocket_->Send(bytes, scratch.wrapped);
  transport_.Write(scratch.wrapped, scratch, worker_.Now());
}

}  // namespace derp::relay
