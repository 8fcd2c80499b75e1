#include "common/http/proxy.h"

#include "common/base/socket_address.h"
#include "common/base/text.h"

namespace derp::http {
namespace {

using Environment = std::map<std::string, std::string>;

std::string Value(const Environment& environment, std::string_view lower, std::string_view upper) {
  for (const std::string_view name : {lower, upper}) {
    const auto found = environment.find(std::string(name));
    if (!name.empty() && found != environment.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return {};
}

std::string HostOf(std::string_view authority) {
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  if (authority.starts_with('[')) return std::string(authority.substr(1, authority.find(']') - 1));
  return ToLowerAscii(authority.substr(0, authority.find(':')));
}

// An entry of no_proxy: a domain with all below it, an address, or a block of addresses.
bool Covers(std::string_view entry, const std::string& host) {
  if (const auto address = IpAddress::Parse(host)) {
    const auto block = IpPrefix::Parse(entry);
    return block && block->Contains(*address);
  }
  std::string domain = ToLowerAscii(entry);
  if (domain.starts_with('.')) domain.erase(0, 1);
  return host == domain || (!domain.empty() && host.ends_with("." + domain));
}

bool IsExempt(const std::string& host, std::string no_proxy) {
  const auto address = IpAddress::Parse(host);
  if (host == "localhost" || (address && address->IsLoopback())) return true;
  if (TrimSpace(no_proxy) == "*") return true;
  for (char& c : no_proxy) c = c == ' ' ? ',' : c;
  for (const std::string_view entry : Split(no_proxy, ',')) {
    if (!entry.empty() && Covers(entry, host)) return true;
  }
  return false;
}

// "http://user:xxxxx@proxy:3128"
std::string Redacted(const std::string& proxy) {
  const std::size_t scheme = proxy.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = proxy.rfind('@');
  const std::size_t colon = proxy.find(':', start);
  if (at == std::string::npos || at < start || colon == std::string::npos || colon > at) {
    return proxy;
  }
  return proxy.substr(0, colon + 1) + "xxxxx" + proxy.substr(at);
}

}  // namespace

std::string ProxyFor(std::string_view url, const Environment& environment) {
  std::string proxy;
  const std::size_t scheme = url.find("://");
  if (EqualsIgnoreCase(url.substr(0, scheme), "http")) {
    proxy = Value(environment, "http_proxy", "");
  } else if (EqualsIgnoreCase(url.substr(0, scheme), "https")) {
    proxy = Value(environment, "https_proxy", "HTTPS_PROXY");
  } else {
    return {};
  }
  if (proxy.empty()) proxy = Value(environment, "all_proxy", "ALL_PROXY");
  if (proxy.empty()) return {};
  url.remove_prefix(scheme + 3);
  const std::string host = HostOf(url.substr(0, url.find_first_of("/?#")));
  if (IsExempt(host, Value(environment, "no_proxy", "NO_PROXY"))) return {};
  return PrintablePeerText(Redacted(proxy));
}

}  // namespace derp::http
