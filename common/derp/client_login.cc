#include "common/derp/client_login.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/text.h"
#include "common/wire/messages.h"

namespace derp {
namespace {

constexpr std::size_t kBodyForFirstWords = 512;

bool IsChunked(const http::ResponseHead& head) {
  return head.headers.HasToken("Transfer-Encoding", "chunked");
}

// How much of a refusal's body is worth waiting for.
std::size_t WantedBody(const http::ResponseHead& head) {
  if (head.status == 204 || head.status == 304) return 0;
  if (IsChunked(head)) return kBodyForFirstWords;
  const std::string_view text = head.headers.Get("Content-Length");
  std::size_t length = kBodyForFirstWords;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) return kBodyForFirstWords;
  return std::min(length, kBodyForFirstWords);
}

}  // namespace

BoxNonce RandomNonce(RandomSource& random) {
  BoxNonce nonce{};
  random.Fill(nonce);
  return nonce;
}

void AppendLogin(Bytes& out, const ClientIdentity& identity, const NodePublic& own,
                 const BoxKey& box, const BoxNonce& nonce) {
  AppendBytes(out, wire::EncodeClientInfo(identity.info, own, box, nonce));
  if (identity.preferred) wire::AppendNotePreferred(out, true);
  if (identity.watch) wire::AppendWatchConns(out);
}

HttpAnswer MakeHttpAnswer(const http::ResponseHead& head, ByteView body) {
  std::string_view words = AsText(body.first(std::min(body.size(), kBodyForFirstWords)));
  if (IsChunked(head)) {  // The first line is a chunk's size.
    const std::size_t line_end = words.find('\n');
    words = line_end == std::string_view::npos ? "" : words.substr(line_end + 1);
  }
  return {.status = head.status,
          .reason = PrintablePeerText(head.reason),
          .server = PrintablePeerText(head.headers.Get("Server")),
          .location = PrintablePeerText(head.headers.Get("Location")),
          .first_words = PrintablePeerText(TrimSpace(words))};
}

ClientFailure RefusedUpgrade(HttpAnswer answer) {
  std::string text = fmt::format("HTTP status {} {}", answer.status, answer.reason);
  if (!answer.location.empty()) text += fmt::format(", redirected to {}", answer.location);
  if (!answer.first_words.empty()) text += fmt::format(": {}", answer.first_words);
  return {.fault = ClientFault::kUpgradeRefused,
          .error = {.code = ErrorCode::kProtocol, .context = std::move(text)},
          .answer = std::move(answer)};
}

ClientLogin::State ClientLogin::Feed(ByteView& input) {
  if (state_ == State::kUpgrade) {
    FeedUpgrade(input);
  } else if (state_ == State::kGreeting) {
    FeedGreeting(input);
  }
  return state_;
}

ClientLogin::State ClientLogin::InputEnded(ByteView rest) {
  if (state_ == State::kUpgrade && refusal_) RefusedWith(rest);
  return state_;
}

void ClientLogin::FeedUpgrade(ByteView& input) {
  while (!refusal_) {
    auto head = http::TakeResponseHead(input);
    if (!head) {
      return Fail(
          ClientFault::kUpgradeMalformed,
          head.error() == http::HeadError::kTooLarge ? ErrorCode::kTooLarge : ErrorCode::kProtocol,
          fmt::format("no HTTP answer to the upgrade: {}", http::HeadErrorText(head.error())));
    }
    if (!*head) return;
    if ((*head)->status == 101) {
      state_ = State::kGreeting;
      return;
    }
    if ((*head)->status >= 200) refusal_ = std::move(**head);  // Others announce a later answer.
  }
  if (input.size() >= WantedBody(*refusal_)) RefusedWith(input);
}

void ClientLogin::RefusedWith(ByteView body) {
  failure_ = RefusedUpgrade(MakeHttpAnswer(*refusal_, body));
  state_ = State::kFailed;
}

void ClientLogin::FeedGreeting(ByteView& input) {
  const auto header = wire::PeekHeader(input);
  if (!header) return;
  if (header->type != wire::FrameType::kServerKey) {
    return Fail(ClientFault::kBadGreeting, ErrorCode::kProtocol,
                fmt::format("first frame has type {:#04x}, not ServerKey",
                            static_cast<unsigned>(header->type)));
  }
  const auto frame = wire::TakeFrame(input, kMaxServerGreeting);
  if (!frame) {
    return Fail(ClientFault::kBadGreeting, ErrorCode::kTooLarge,
                fmt::format("ServerKey frame of {} bytes", header->length));
  }
  if (!*frame) return;
  const auto key = wire::DecodeServerKey((*frame)->payload);
  if (!key) {
    return Fail(ClientFault::kBadGreeting, ErrorCode::kProtocol,
                fmt::format("bad ServerKey frame: {}", wire::LoginErrorName(key.error())));
  }
  server_ = *key;
  state_ = State::kReady;
}

void ClientLogin::Fail(ClientFault fault, ErrorCode code, std::string context) {
  failure_ = {.fault = fault, .error = {.code = code, .context = std::move(context)}};
  state_ = State::kFailed;
}

}  // namespace derp
