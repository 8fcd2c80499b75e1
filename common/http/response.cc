#include "common/http/response.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/http/html.h"
#include "common/http/url.h"

namespace derp::http {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kPolicy =
    "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'; "
    "block-all-mixed-content; object-src 'none'";

constexpr std::array<std::pair<int, std::string_view>, 31> kStatusTexts{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Request Entity Too Large"},
    {417, "Expectation Failed"},
    {424, "Failed Dependency"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

// The part of Go's content sniffing that our own bodies can meet.
std::string_view SniffType(std::string_view body) {
  const std::string_view start = TrimSpace(body.substr(0, 512));
  for (const std::string_view tag : {"<!doctype html", "<html", "<head", "<title", "<body", "<h1",
                                     "<p", "<a", "<table", "<div", "<style", "<script", "<br"}) {
    if (start.size() <= tag.size() || !EqualsIgnoreCase(start.substr(0, tag.size()), tag)) continue;
    const char next = start[tag.size()];
    if (next == ' ' || next == '>') return kHtml;
  }
  return kPlain;
}

void AddCommon(Headers& headers, std::string policy) {
  headers.Set("Content-Security-Policy", policy);
  headers.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains");
  headers.Set("X-Content-Type-Options", "nosniff");
  headers.Set("X-Frame-Options", "DENY");
}

}  // namespace

std::string_view StatusText(int status) {
  for (const auto& [number, text] : kStatusTexts) {
    if (number == status) return text;
  }
  return {};
}

Response TextReply(std::string body) {
  return Response{.headers = {{"Content-Type", std::string(kPlain)}}, .body = std::move(body)};
}

Response HtmlReply(std::string body) {
  return Response{.headers = {{"Content-Type", std::string(kHtml)}}, .body = std::move(body)};
}

Response ErrorReply(int status, std::string_view message) {
  return Response{
      .status = status,
      .headers = {{"Content-Type", std::string(kPlain)}, {"X-Content-Type-Options", "nosniff"}},
      .body = std::string(message) + "\n"};
}

Response NotFound() { return ErrorReply(404, "404 page not found"); }

Response Redirect(std::string_view method, int status, std::string_view location) {
  Response response{.status = status};
  if (method == "GET" || method == "HEAD") response.headers.Set("Content-Type", kHtml);
  // A location made from a request must not end the header line.
  std::string safe;
  for (const char c : location) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > 0x20 && byte < 0x7f;
    safe += plain ? std::string(1, c) : PercentEncode(std::string_view(&c, 1));
  }
  response.headers.Set("Location", safe);
  if (method == "GET") {
    response.body = fmt::format("<a href=\"{}\">{}</a>.\n\n", EscapeHtml(safe), StatusText(status));
  }
  return response;
}

void AddBrowserHeaders(Headers& headers) { AddCommon(headers, std::string(kPolicy)); }

void AddDebugHeaders(Headers& headers) {
  AddCommon(headers, std::string(kPolicy) + "; style-src 'self' 'unsafe-inline'");
}

void WriteResponse(const Response& response, const ResponseForm& form, WallTime now, Bytes& out) {
  std::string_view reason = StatusText(response.status);
  if (reason.empty()) reason = "status code";
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason);
  for (const Header& item : response.headers.items()) {
    head += fmt::format("{}: {}\r\n", item.name, item.value);
  }
  const bool streamed = response.stream != nullptr;
  const bool has_body = (streamed || !response.body.empty()) && !HasNoBody(response.status);
  if (has_body && !response.headers.Has("Content-Type")) {
    head += fmt::format("Content-Type: {}\r\n", SniffType(response.body));
  }
  if (!response.headers.Has("Date")) head += fmt::format("Date: {}\r\n", FormatHttpDate(now));
  if (streamed) {
    if (form.minor_version > 0) head += "Transfer-Encoding: chunked\r\n";
    // As Go: a HEAD without a body to measure claims no length.
  } else if (!HasNoBody(response.status) && (has_body || !form.head)) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!response.headers.Has("Connection")) {
    if (!form.keep_alive) {
      head += "Connection: close\r\n";
    } else if (form.minor_version == 0) {
      head += "Connection: keep-alive\r\n";
    }
  }
  head += "\r\n";
  AppendText(out, head);
  if (has_body && !form.head) AppendText(out, response.body);
}

std::string FormatHttpDate(WallTime time) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = UnixSeconds(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace derp::http
