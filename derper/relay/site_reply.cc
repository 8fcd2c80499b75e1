#include "derper/relay/site_reply.h"

#include <ctime>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace derp::relay {

namespace {

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 426:
      return "Upgrade Required";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
  }
  return "Status";
}

}  // namespace

Bytes FormatReply(const SiteReply& reply, const ReplyFraming& framing, WallTime now) {
  const bool bodiless = reply.status == 204 || reply.status == 304;
  std::string head = fmt::format("HTTP/1.{} {} {}\r\n", framing.minor_version, reply.status,
                                 ReasonPhrase(reply.status));
  for (const http::Header& header : reply.headers.items()) {
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  head += fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(UnixSeconds(now)));
  if (!bodiless) head += fmt::format("Content-Length: {}\r\n", reply.body.size());
  if (!framing.keep_alive) {
    head += "Connection: close\r\n";
  } else if (framing.minor_version == 0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  Bytes bytes;
  AppendText(bytes, head);
  if (!bodiless && !framing.head_only) AppendText(bytes, reply.body);
  return bytes;
}

SiteReply ErrorReply(int status, std::string_view text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"X-Content-Type-Options", "nosniff"}},
          .body = std::string(text)};
}

}  // namespace derp::relay
