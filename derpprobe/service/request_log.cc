#include "derpprobe/service/request_log.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/http/request_origin.h"
#include "derpprobe/service/go_json.h"

namespace derp::probe {
namespace {

constexpr std::size_t kMostText = 512;  // bytes of one member

// As the reference's encoder does without exponent: "0.00066".
std::string Seconds(Duration duration) {
  std::string text = fmt::format("{:.9f}", std::chrono::duration<double>(duration).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// The first line of what an error page says.
std::string ErrorText(const http::Response& response) {
  const bool is_text = response.headers.Get("Content-Type").starts_with("text/plain");
  if (response.status < 400 || !is_text) return {};
  return response.body.substr(0, response.body.find('\n'));
}

}  // namespace

std::string RequestLogLine(const http::Request& request, const AnsweredRequest& answered) {
  std::string line = "{\"time\":" + GoJsonTime(answered.began);
  const auto add = [&line](std::string_view name, std::string_view value) {
    line += fmt::format(",\"{}\":{}", name, value);
  };
  const auto add_text = [&add](std::string_view name, std::string_view text) {
    if (!text.empty()) add(name, GoJsonQuote(text.substr(0, kMostText)));
  };
  const http::RequestHead& head = request.head;
  if (answered.took > Duration::zero()) add("duration", Seconds(answered.took));
  add_text("remote_addr", request.remote.ToString());
  add_text("proto", fmt::format("HTTP/1.{}", head.minor_version));
  if (request.tls) add("tls", "true");
  add_text("host", head.headers.Get("Host"));
  add_text("method", request.method());
  add_text("request_uri", http::LoggableTarget(head.target));
  add_text("user_agent", head.headers.Get("User-Agent"));
  add_text("referer", http::LoggableTarget(head.headers.Get("Referer")));
  add("code", std::to_string(answered.code));
  if (answered.bytes > 0) add("bytes", std::to_string(answered.bytes));
  add_text("err", answered.error);
  return line + "}";
}

http::Responder RequestLog::Watch(const http::Request& request, http::Responder responder) {
  // The responder is a move-only thing, and functions are copied.
  const auto shared = std::make_shared<http::Responder>(std::move(responder));
  return http::Responder([this, request, shared, began = clock_.WallNow(),
                          start = clock_.Now()](http::Response response) {
    const AnsweredRequest answered{.began = began,
                                   .took = clock_.Now() - start,
                                   .code = response.status,
                                   .bytes = response.body.size(),
                                   .error = ErrorText(response)};
    shared->Send(std::move(response));
    log_.Write(LogLevel::kInfo, RequestLogLine(request, answered));
  });
}

}  // namespace derp::probe
