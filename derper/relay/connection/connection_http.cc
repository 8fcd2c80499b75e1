// The HTTP part of a connection: requests in, the site's answers out.
#include <utility>

#include "derper/relay/connection/connection.h"
#include "derper/relay/worker.h"

namespace derp::relay {

// Takes the next request from what waits inside the HTTP connection and from `input`. One request
// is handled at a time; nothing is read from the socket meanwhile.
bool Connection::FeedHttp(ByteView input) {
  auto request = http_->Next(input, worker_.loop().WallNow(), outbox_);
  if (request) return HandleRequest(std::move(*request), input);
  if (http_->phase() == http::ServerConnection::Phase::kClosing && stage_ == Stage::kHead) {
    worker_.counters().bad_requests.Add();
    stage_ = Stage::kReplying;
  }
  if (!outbox_.empty()) worker_.FlushLater(self_);
  return input.empty();  // else more was sent ahead than is waited for
}

bool Connection::HandleRequest(http::Request request, ByteView input) {
  CountRequest();
  if (listener_.serves_derp) {
    const UpgradeRequest upgrade = JudgeRequest(request);
    if (upgrade.kind == UpgradeRequest::Kind::kDerp) return StartLogin(upgrade, input);
    if (upgrade.kind == UpgradeRequest::Kind::kWebSocket) {
      return StartWebSocket(request.head, input);
    }
    if (upgrade.kind == UpgradeRequest::Kind::kNoUpgrade) {
      http::Response refusal = http::ErrorReply(426, kNoUpgradeText);
      refusal.headers.Set("Connection", "close");
      Respond(refusal);
      return FeedHttp(input);
    }
  }
  stage_ = Stage::kSite;
  worker_.AskSite(self_, listener_.site, std::move(request));
  return FeedHttp(input);
}

void Connection::OnSiteReply(const http::Response& response) {
  if (!doomed_ && stage_ == Stage::kSite) {
    Respond(response);
  } else if (response.stream) {
    response.stream->Leave();
  }
}

void Connection::Respond(const http::Response& response) {
  http_->Respond(response, worker_.loop().WallNow(), outbox_);
  stage_ = Stage::kReplying;
  SetDeadline(worker_.options().login_timeout);
  if (streaming()) ListenToStream();
  worker_.FlushLater(self_);
}

// The stream is left when this connection ends, before its worker does.
void Connection::ListenToStream() {
  http_->stream().Listen([&worker = worker_, self = self_] {
    worker.loop().Post([&worker, self] { worker.FlushLater(self); });
  });
}

// All that came before is written: what the stream has goes into the next turn.
void Connection::PumpStream() {
  http_->Pump(outbox_);
  if (!outbox_.empty()) more_to_write_ = true;
  if (!streaming()) SetDeadline(worker_.options().login_timeout);
}

// The answer is written: on to the next request, or the end.
void Connection::FinishReply() {
  if (streaming()) {
    PumpStream();
    return;
  }
  EndRequest();
  if (http_->phase() == http::ServerConnection::Phase::kClosing || stopping_) {
    StartDraining(std::chrono::seconds(1));
    return;
  }
  stage_ = Stage::kHead;
  SetDeadline(worker_.options().login_timeout);
  if (!FeedHttp({})) Doom();
}

void Connection::CountRequest() {
  const net::TlsSession* tls = transport_.tls();
  if (tls == nullptr) return;
  EndRequest();
  request_counted_ = true;
  WorkerCounters& counters = worker_.counters();
  (tls->is_tls13() ? counters.tls13_requests : counters.tls12_requests).Add();
  (tls->is_tls13() ? counters.tls13_active : counters.tls12_active).Add(1);
}

void Connection::EndRequest() {
  if (!std::exchange(request_counted_, false)) return;
  WorkerCounters& counters = worker_.counters();
  (transport_.tls()->is_tls13() ? counters.tls13_active : counters.tls12_active).Add(-1);
}

}  // namespace derp::relay
