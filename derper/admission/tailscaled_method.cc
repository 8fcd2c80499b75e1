#include "derper/admission/tailscaled_method.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/http/response.h"
#include "common/http/url.h"
#include "derper/admission/admission_json.h"

namespace derp::admission {
namespace {

constexpr const char* kBase = "http://local-tailscaled.sock/localapi/v0";
constexpr const char* kCapability = "145";  // of the Go program's version that this one follows
constexpr std::size_t kMaxAnswer = 4 * 1024 * 1024;
constexpr auto kRetryAfter = std::chrono::milliseconds(250);
// How long the answer about its own key holds.
constexpr auto kOwnKeyLife = std::chrono::seconds(10);

constexpr std::string_view kTooOldMark = "invalid 'addr' parameter";
constexpr std::string_view kTooOld =
    "tailscaled version is too old (out of sync with derper binary)";

Verdict Refuse(Reason reason, std::string text, bool answered) {
  return {
      .outcome = Outcome::kRefuse, .reason = reason, .text = std::move(text), .answered = answered};
}

std::string Failed(const Question& question, std::string_view why) {
  return fmt::format("failed to query local tailscaled status for {}: {}", question.key.ToString(),
                     why);
}

std::string WhoisPath(const NodePublic& key) {
  return "/whois?addr=" + http::PercentEncode(key.ToString());
}

bool IsNoListener(const Error& error) {
  return error.code == ErrorCode::kRefused || error.code == ErrorCode::kNotFound;
}

}  // namespace

TailscaledMethod::TailscaledMethod(std::string socket, TimePoint patient_until, const Clock& clock)
    : socket_(std::move(socket)), patient_until_(patient_until), clock_(clock) {}

Expected<http::FetchResponse, Error> TailscaledMethod::Get(const std::string& path,
                                                           const AskContext& context) {
  http::FetchRequest request{.url = kBase + path};
  request.unix_socket = socket_;
  request.max_body = kMaxAnswer;
  request.headers.Set("Tailscale-Cap", kCapability);
  request.cancelled = [&stop = context.stop] { return stop.is_set(); };
  while (true) {
    // Not the thread's fetcher: it would go on talking to a tailscaled that was replaced.
    auto response = http::Fetch(request, context.deadline);
    if (response || !IsNoListener(response.error())) return response;
    const TimePoint again = clock_.Now() + kRetryAfter;
    if (clock_.Now() >= patient_until_ || again >= context.deadline) return response;
    if (!context.stop.WaitUntil(again)) return response;
  }
}

Verdict TailscaledMethod::Ask(const Question& question, const AskContext& context) {
  const auto response = Get(WhoisPath(question.key), context);
  if (response) return Judge(question, *response, context);
  if (response.error().code == ErrorCode::kTimeout) return Unanswered(question);
  return Refuse(Reason::kUnreachable, Failed(question, response.error().context), false);
}

Verdict TailscaledMethod::Judge(const Question& question, const http::FetchResponse& response,
                                const AskContext& context) {
  if (response.status == 200) {
    if (IsJsonObject(response.body)) {
      return {.outcome = Outcome::kAdmit, .reason = Reason::kKnown, .answered = true};
    }
    return Refuse(Reason::kBadAnswer, Failed(question, "the answer is no JSON object"), true);
  }
  if (response.body.find(kTooOldMark) != std::string::npos) {
    return Refuse(Reason::kTooOld, std::string(kTooOld), true);
  }
  const std::string said = PrintablePeerText(TrimSpace(response.body));
  if (response.status == 403) {
    return Refuse(Reason::kAccessDenied, Failed(question, "Access denied: " + said), true);
  }
  if (response.status != 404) {
    return Refuse(Reason::kBadStatus,
                  Failed(question, fmt::format("{} {}: {}", response.status,
                                               http::StatusText(response.status), said)),
                  true);
  }
  if (IsOwnNode(question.key, context)) {
    return {.outcome = Outcome::kAdmit, .reason = Reason::kOwnNode, .answered = true};
  }
  return Refuse(Reason::kNotFound,
                fmt::format("peer {} not authorized (not found in local tailscaled)",
                            question.key.ToString()),
                true);
}

Verdict TailscaledMethod::Unanswered(const Question& question) const {
  return Refuse(Reason::kTimeout, Failed(question, "no answer in time"), false);
}

Expected<NodePublic, Error> TailscaledMethod::AskOwnKey(const AskContext& context) {
  const auto status = Get("/status?peers=false", context);
  if (!status) return Fail(status.error());
  const auto wrong = [](std::string text) {
    return Fail(Error{.code = ErrorCode::kProtocol, .context = std::move(text)});
  };
  if (status->status != 200) {
    return wrong(fmt::format("{} {}: {}", status->status, http::StatusText(status->status),
                             PrintablePeerText(TrimSpace(status->body))));
  }
  const auto key = OwnKeyOfStatus(status->body);
  if (!key) return wrong("the answer has no Self.PublicKey");
  if (key->is_zero()) return wrong("tailscaled is not logged in, so it knows nobody");
  return *key;
}

// tailscaled may leave its own node out of what it looks up.
bool TailscaledMethod::IsOwnNode(const NodePublic& key, const AskContext& context) {
  {
    const MutexLock lock(mutex_);
    if (own_key_ && *own_key_ == key) return true;
    if (clock_.Now() - own_key_asked_ < kOwnKeyLife) return false;
    own_key_asked_ = clock_.Now();
  }
  const auto own = AskOwnKey(context);
  const MutexLock lock(mutex_);
  own_key_ = own ? std::optional(*own) : std::nullopt;
  return own_key_ == key;
}

Expected<std::string, Error> TailscaledMethod::SelfTest(const AskContext& context) {
  const auto own = AskOwnKey(context);
  if (!own) {
    Error error = Within("localClient.Status", own.error());
    if (IsNoListener(error)) {
      error.context += "; is tailscaled running, and does -socket name its socket?";
    } else if (error.code == ErrorCode::kPermission) {
      error.context += "; this program's user must be allowed to use the socket";
    }
    return Fail(std::move(error));
  }
  const Verdict verdict = Ask({.key = *own, .remote = {}}, context);
  if (verdict.outcome == Outcome::kAdmit) return "it knows its own node " + own->ToString();
  std::string text = "verifyClient for self nodekey: " + verdict.text;
  if (verdict.reason == Reason::kTooOld) text += "; run a tailscaled as new as this program";
  return Fail(Error{.code = ErrorCode::kProtocol, .context = std::move(text)});
}

}  // namespace derp::admission
