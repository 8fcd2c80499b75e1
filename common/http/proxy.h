// Which proxy fetch.h goes through, as the environment says (http_proxy, https_proxy, all_proxy,
// no_proxy; the upper-case forms too, but not HTTP_PROXY, which a CGI client could set).
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace derp::http {

// The proxy for this URL with its password hidden; empty for none, for files and for loopback.
std::string ProxyFor(std::string_view url, const std::map<std::string, std::string>& environment);

}  // namespace derp::http
