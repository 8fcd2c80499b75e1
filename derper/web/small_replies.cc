#include "derper/web/small_replies.h"

#include <string>

#include "common/http/page_style.h"

namespace derp::relay {
namespace {

constexpr std::size_t kLongestChallenge = 64;

bool IsHarmless(std::string_view challenge) {
  if (challenge.empty() || challenge.size() > kLongestChallenge) return false;
  for (const char c : challenge) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_' || c == ':';
    if (!good) return false;
  }
  return true;
}

}  // namespace

http::Response CaptivePortalReply(const http::Request& request) {
  http::Response response{.status = 204};
  response.headers.Set("Cache-Control",
                       "no-cache, no-store, must-revalidate, no-transform, max-age=0");
  const std::string_view challenge = request.head.headers.Get("X-Tailscale-Challenge");
  if (IsHarmless(challenge)) {
    response.headers.Set("X-Tailscale-Response", "response " + std::string(challenge));
  }
  return response;
}

http::Response ProbeReply(const http::Request& request) {
  if (request.method() != "GET" && request.method() != "HEAD") {
    return http::ErrorReply(405, "bogus probe method");
  }
  return {.headers = {{"Access-Control-Allow-Origin", "*"}}};
}

http::Response RobotsReply() {
  http::Response response = http::TextReply("User-agent: *\nDisallow: /\n");
  http::AddBrowserHeaders(response.headers);
  return response;
}

http::Response StyleReply() {
  http::Response response;
  http::AddBrowserHeaders(response.headers);
  response.headers.Set("Content-Type", "text/css; charset=utf-8");
  response.headers.Set("Cache-Control", "max-age=3600");
  response.body = http::PageStyle();
  return response;
}

}  // namespace derp::relay
