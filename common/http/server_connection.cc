#include "common/http/server_connection.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/http/url.h"

namespace derp::http {

ServerConnection::ServerConnection(const SocketAddress& remote, bool tls,
                                   const ConnectionLimits& limits)
    : remote_(remote), tls_(tls), limits_(limits) {}

ServerConnection::~ServerConnection() {
  if (stream_) stream_->Leave();
}

void ServerConnection::SetProxiedRemote(const SocketAddress& remote) {
  remote_ = remote;
  proxied_ = true;
}

std::size_t ServerConnection::Room() const {
  // A head, or a body's current piece with its framing, whichever needs more.
  const std::size_t most = std::max(limits_.max_head, limits_.max_body) + 2;
  return most - std::min(most, pending_.size());
}

std::size_t ServerConnection::input_room() const {
  return phase_ == Phase::kHandling || phase_ == Phase::kClosing ? 0 : Room();
}

std::optional<Request> ServerConnection::Next(ByteView& input, WallTime now, Bytes& output) {
  if (phase_ == Phase::kClosing) {
    input = {};
    return std::nullopt;
  }
  for (;;) {
    const std::size_t count = std::min(Room(), input.size());
    AppendBytes(pending_, input.first(count));
    input = input.subspan(count);
    if (phase_ == Phase::kHandling || phase_ == Phase::kStreaming) return std::nullopt;
    const std::size_t before = pending_.size();
    auto request = TakeRequest(now, output);
    if (request || phase_ == Phase::kClosing) return request;
    if (input.empty() || pending_.size() == before) return std::nullopt;
  }
}

std::optional<Request> ServerConnection::TakeRequest(WallTime now, Bytes& output) {
  if (!current_ && !TakeHead(now, output)) return std::nullopt;
  ByteView rest(pending_);
  const auto whole = body_.Take(rest);
  pending_.erase(pending_.begin(),
                 pending_.begin() + static_cast<std::ptrdiff_t>(pending_.size() - rest.size()));
  if (!whole) {
    const int status = BodyErrorStatus(whole.error());
    Refuse(status, StatusText(status), now, output);
    return std::nullopt;
  }
  if (!*whole) return std::nullopt;
  Request request = std::move(*current_);
  current_.reset();
  request.body = body_.Release();
  phase_ = Phase::kHandling;
  return request;
}

// Moves a whole head from pending_ to current_; false when there is none, or when it was refused.
bool ServerConnection::TakeHead(WallTime now, Bytes& output) {
  ByteView rest(pending_);
  auto head = TakeRequestHead(rest, limits_.max_head);
  if (!head) {
    const int status = HeadErrorStatus(head.error());
    std::string text = fmt::format("{} {}", status, StatusText(status));
    if (head.error() != HeadError::kMalformed && head.error() != HeadError::kTooLarge) {
      text += fmt::format(": {}", HeadErrorText(head.error()));
    }
    Refuse(status, text, now, output);
    return false;
  }
  phase_ = pending_.empty() ? Phase::kIdle : Phase::kReading;
  if (!*head) return false;
  pending_.erase(pending_.begin(),
                 pending_.begin() + static_cast<std::ptrdiff_t>(pending_.size() - rest.size()));

  Request request{.head = std::move(**head), .remote = remote_, .proxied = proxied_, .tls = tls_};
  form_ = ResponseForm{.head = request.method() == "HEAD",
                       .minor_version = request.head.minor_version,
                       .keep_alive = request.head.WantsKeepAlive()};
  if (request.method() == "CONNECT") {
    request.path = request.head.target;
  } else if (auto target = ParseTarget(request.head.target)) {
    request.path = std::move(target->path);
    request.query = std::move(target->query);
  } else {
    Refuse(400, "400 Bad Request", now, output);
    return false;
  }
  auto body = BodyReader::For(request.head, limits_.max_body);
  if (!body) {
    const int status = BodyErrorStatus(body.error());
    Refuse(status, StatusText(status), now, output);
    return false;
  }
  body_ = std::move(*body);
  if (request.head.headers.Has("Expect")) {
    if (!EqualsIgnoreCase(request.head.headers.Get("Expect"), "100-continue")) {
      Refuse(417, "417 Expectation Failed", now, output);
      return false;
    }
    if (!body_.empty() && request.head.minor_version >= 1 && pending_.empty()) {
      AppendText(output, "HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  current_ = std::move(request);
  return true;
}

void ServerConnection::Respond(const Response& response, WallTime now, Bytes& output) {
  Check(phase_ == Phase::kHandling, "a response without a request");
  if (response.headers.HasToken("Connection", "close")) form_.keep_alive = false;
  if (response.stream && form_.minor_version == 0) form_.keep_alive = false;
  WriteResponse(response, form_, now, output);
  if (response.stream && !form_.head) {
    stream_ = response.stream;
    phase_ = Phase::kStreaming;
    return;
  }
  if (response.stream) response.stream->Leave();
  EndResponse();
}

void ServerConnection::Pump(Bytes& output) {
  Check(phase_ == Phase::kStreaming, "no stream to pump");
  const bool chunked = form_.minor_version > 0;
  const BodyStream::Piece piece = stream_->Take();
  if (!piece.text.empty()) {
    if (chunked) AppendText(output, fmt::format("{:x}\r\n", piece.text.size()));
    AppendText(output, piece.text);
    if (chunked) AppendText(output, "\r\n");
  }
  if (!piece.last) return;
  if (chunked) AppendText(output, "0\r\n\r\n");
  stream_.reset();
  EndResponse();
}

void ServerConnection::EndResponse() {
  if (!form_.keep_alive) {
    phase_ = Phase::kClosing;
    pending_.clear();
    return;
  }
  phase_ = pending_.empty() ? Phase::kIdle : Phase::kReading;
}

Bytes ServerConnection::TakeOver() {
  Check(phase_ == Phase::kHandling, "taking over without a request");
  phase_ = Phase::kClosing;
  return std::exchange(pending_, {});
}

void ServerConnection::Refuse(int status, std::string_view text, WallTime now, Bytes& output) {
  Response response{.status = status,
                    .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                    .body = std::string(text)};
  WriteResponse(response, ResponseForm{.keep_alive = false}, now, output);
  phase_ = Phase::kClosing;
  current_.reset();
  pending_.clear();
}

}  // namespace derp::http
