#include "derpprobe/alerts/webhook_sink.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/cli/version.h"
#include "common/http/fetch.h"

namespace derp::probe {

namespace {

constexpr std::size_t kMostAnswer = 1 << 20;  // of which only the status is looked at

// Scheme and host, without user, password, path and query.
std::string ShownUrl(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  const std::string_view name = url.substr(0, scheme);
  if (!EqualsIgnoreCase(name, "http") && !EqualsIgnoreCase(name, "https")) return "";
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host = host.substr(at + 1);
  }
  if (host.empty() || host.front() == ':') return "";
  return fmt::format("{}://{}/…", ToLowerAscii(name), host);
}

// What Fetch says without the URL it begins with: `Post "https://…": connection refused`.
std::string WithoutUrl(const std::string& context) {
  const std::size_t end = context.find("\": ");
  return end == std::string::npos ? "no answer" : context.substr(end + 3);
}

}  // namespace

Expected<WebhookSink, Error> WebhookSink::Make(std::string url) {
  std::string shown = ShownUrl(url);
  if (shown.empty()) {
    return Fail(Error{ErrorCode::kInvalidArgument,
                      "-alert-webhook: not an http or https URL with a host", 0});
  }
  return WebhookSink(std::move(url), std::move(shown));
}

Expected<void, AlertFailure> WebhookSink::Deliver(const std::string& json, TimePoint deadline) {
  http::FetchRequest request{
      .url = url_,
      .method = "POST",
      .headers = {{"Content-Type", "application/json"},
                  {"User-Agent", "derpprobe/" + std::string(cli::Version())}},
      .body = json,
      .max_body = kMostAnswer,
      .follow_redirects = false};
  const auto response = http::Fetch(request, deadline);
  if (!response) {
    return Fail(
        AlertFailure{Error{response.error().code,
                           fmt::format("{}: {}", shown_, WithoutUrl(response.error().context)), 0},
                     true});
  }
  const int status = response->status;
  if (status >= 200 && status < 300) return {};
  return Fail(
      AlertFailure{Error{ErrorCode::kProtocol, fmt::format("{}: answered {}", shown_, status), 0},
                   status >= 500 || status == 408 || status == 429});
}

}  // namespace derp::probe
