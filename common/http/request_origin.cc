#include "common/http/request_origin.h"

#include "common/base/text.h"
#include "common/http/url.h"

namespace derp::http {
namespace {

constexpr std::string_view kKeyParameter = "debugkey";

// A Host or authority without its port and brackets, in lower case.
std::string HostOnly(std::string_view authority) {
  if (const auto parts = SplitHostPort(authority)) return ToLowerAscii(parts->host);
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  return ToLowerAscii(authority);
}

bool IsLoopbackName(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const auto ip = IpAddress::Parse(host);
  return ip && ip->Unmap().IsLoopback();
}

}  // namespace

bool IsForeignRequest(const Request& request) {
  const Headers& headers = request.head.headers;
  if (EqualsIgnoreCase(headers.Get("Sec-Fetch-Site"), "cross-site")) return true;
  const std::string_view host = headers.Get("Host");
  if (headers.Has("Origin")) {
    const std::string scheme = request.tls ? "https://" : "http://";
    if (!EqualsIgnoreCase(headers.Get("Origin"), scheme + std::string(host))) return true;
  }
  const bool on_loopback = request.remote.ip.Unmap().IsLoopback();
  return on_loopback && !host.empty() && !IsLoopbackName(HostOnly(host));
}

std::string LoggableTarget(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::string shown(target.substr(0, mark + 1));
  bool first = true;
  for (const std::string_view part : Split(target.substr(mark + 1), '&')) {
    if (!first) shown += '&';
    first = false;
    // The name may be spelt with escapes.
    const auto name = PercentDecode(part.substr(0, part.find('=')), /*plus_is_blank=*/true);
    if (name && *name == kKeyParameter) {
      shown += std::string(kKeyParameter) + "=***";
    } else {
      shown += part;
    }
  }
  return shown;
}

}  // namespace derp::http
