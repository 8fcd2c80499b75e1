// The HTTP part of a connection: heads in, the site's answers out.
#include <utility>

#include "derper/relay/connection.h"
#include "derper/relay/site_reply.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

bool HasBody(const http::RequestHead& head) {
  const std::string_view length = head.headers.Get("Content-Length");
  return head.headers.Has("Transfer-Encoding") || (!length.empty() && length != "0");
}

std::string_view HeadErrorBody(int status) {
  switch (status) {
    case 431:
      return "431 Request Header Fields Too Large";
    case 505:
      return "505 HTTP Version Not Supported";
    default:
      return "400 Bad Request";
  }
}

}  // namespace

bool Connection::TakeHeads() {
  if (stage_ != Stage::kHead || input_.empty()) return true;
  ByteView view = input_;
  auto head = http::TakeRequestHead(view);
  if (!head) {
    worker_.counters().bad_requests.Add();
    const int status = http::HeadErrorStatus(head.error());
    head_only_ = false;
    minor_version_ = 1;
    Reply(ErrorReply(status, HeadErrorBody(status)), false);
    return true;
  }
  if (!*head) return true;
  input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(view.size()));
  CountRequest();
  const UpgradeRequest request = JudgeRequest(**head);
  if (listener_.serves_derp && request.kind == UpgradeRequest::Kind::kDerp) {
    return StartLogin(request);
  }
  HandleRequest(std::move(**head));
  return true;
}

void Connection::HandleRequest(http::RequestHead head) {
  // A body is nothing a page needs; its end is not looked for.
  keep_alive_ = head.WantsKeepAlive() && !HasBody(head);
  head_only_ = head.method == "HEAD";
  minor_version_ = head.minor_version;
  if (listener_.serves_derp && JudgeRequest(head).kind == UpgradeRequest::Kind::kNoUpgrade) {
    Reply(ErrorReply(426, kNoUpgradeText), false);
    return;
  }
  stage_ = Stage::kSite;
  worker_.AskSite(self_, listener_.site,
                  {.head = std::move(head), .peer = peer_, .tls = transport_.tls() != nullptr});
}

void Connection::OnSiteReply(const SiteReply& reply) {
  if (doomed_ || stage_ != Stage::kSite) return;
  Reply(reply, keep_alive_);
}

void Connection::Reply(const SiteReply& reply, bool keep_alive) {
  keep_alive_ = keep_alive;
  stage_ = Stage::kReplying;
  SetDeadline(worker_.options().login_timeout);
  WriteOut(FormatReply(
      reply, {.keep_alive = keep_alive, .head_only = head_only_, .minor_version = minor_version_},
      worker_.loop().WallNow()));
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
