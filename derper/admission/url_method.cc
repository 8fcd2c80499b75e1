#include "derper/admission/url_method.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/config/print_config.h"
#include "common/http/response.h"
#include "derper/admission/admission_json.h"

namespace derp::admission {
namespace {

constexpr std::size_t kMaxReply = 4096;  // what follows is not read

Verdict Refuse(Reason reason, std::string text) {
  return {.outcome = Outcome::kRefuse, .reason = reason, .text = std::move(text), .answered = true};
}

std::string StatusLine(int status) {
  return fmt::format("{} {}", status, http::StatusText(status));
}

}  // namespace

Expected<void, Error> UrlMethod::Check(std::string_view url) {
  const std::string lower = ToLowerAscii(url);
  const std::size_t scheme = lower.starts_with("http://")    ? 7
                             : lower.starts_with("https://") ? 8
                                                             : 0;
  bool good = scheme > 0 && scheme < url.size() && url[scheme] != '/';
  for (const char c : url) good = good && c > ' ' && c != '\x7f';
  if (good) return {};
  return Fail(Error{.code = ErrorCode::kInvalidArgument,
                    .context = fmt::format("-verify-client-url: {} is no http or https URL",
                                           GoQuote(config::Redacted(url)))});
}

UrlMethod::UrlMethod(std::string url, bool fail_open, NodePublic self)
    : url_(std::move(url)), fail_open_(fail_open), self_(self) {}

std::string UrlMethod::Name() const { return "admission controller at " + config::Redacted(url_); }

// An error's text names the URL, whose query may hold a token.
std::string UrlMethod::Shown(const Error& error) const {
  std::string text = error.context;
  const std::size_t query = url_.find('?');
  if (query == std::string::npos || query + 1 == url_.size()) return text;
  const std::string secret = url_.substr(query + 1);
  const std::size_t at = text.find(secret);
  return at == std::string::npos ? text : text.replace(at, secret.size(), "xxxxx");
}

http::FetchRequest UrlMethod::Request(const NodePublic& key, const std::string& source,
                                      const AskContext& context) const {
  http::FetchRequest request{.url = url_, .method = "POST"};
  request.headers.Set("Content-Type", "application/json");
  request.body = VerifyRequest(key, source);
  request.max_body = kMaxReply;
  request.cut_body = true;
  request.cancelled = [&stop = context.stop] { return stop.is_set(); };
  return request;
}

Verdict UrlMethod::Ask(const Question& question, const AskContext& context) {
  const auto response = context.fetcher.Fetch(
      Request(question.key, question.remote.ip.ToString(), context), context.deadline);
  if (response) return Judge(question, *response);
  const Error& error = response.error();
  const bool late = error.code == ErrorCode::kTimeout;
  if (context.fetcher.response_began()) {
    return Refuse(late ? Reason::kTimeout : Reason::kBadAnswer,
                  "admission controller: " + Shown(error));
  }
  return NoResponse(late ? Reason::kTimeout : Reason::kUnreachable, Shown(error));
}

Verdict UrlMethod::NoResponse(Reason reason, std::string text) const {
  return {.outcome = fail_open_ ? Outcome::kAbstain : Outcome::kRefuse,
          .reason = reason,
          .text = fail_open_ ? std::move(text) : "admission controller unreachable: " + text,
          .answered = false};
}

Verdict UrlMethod::Judge(const Question& question, const http::FetchResponse& response) const {
  if (response.status != 200) {
    return Refuse(Reason::kBadStatus, "admission controller: " + StatusLine(response.status));
  }
  const auto allow = ReadVerifyReply(response.body);
  if (!allow) return Refuse(Reason::kBadAnswer, "admission controller: " + allow.error());
  if (*allow) return {.outcome = Outcome::kAdmit, .reason = Reason::kAllowed, .answered = true};
  return Refuse(Reason::kDenied,
                fmt::format("admission controller: {}/{} not allowed", question.key.ToString(),
                            question.remote.ip.ToString()));
}

Verdict UrlMethod::Unanswered(const Question&) const {
  return NoResponse(Reason::kTimeout, "no answer in time");
}

Expected<std::string, Error> UrlMethod::SelfTest(const AskContext& context) {
  const auto response = context.fetcher.Fetch(Request(self_, "", context), context.deadline);
  if (!response) {
    return Fail(Error{.code = response.error().code, .context = Shown(response.error())});
  }
  const auto wrong = [](std::string text) {
    return Fail(Error{.code = ErrorCode::kProtocol, .context = std::move(text)});
  };
  if (response->status != 200) {
    return wrong(
        fmt::format("it answers {}; does the path of the URL fit?", StatusLine(response->status)));
  }
  const auto allow = ReadVerifyReply(response->body);
  if (!allow) return wrong(allow.error());
  return std::string("it answers");
}

}  // namespace derp::admission
