// Does a name of a certificate cover a host name? RFC 6125 as Go applies it: only "*" as a whole
// first label stands for exactly one label; the common name is never looked at.
#pragma once

#include <string_view>

namespace derp::net {

// "Relay.example.net." and "relay.example.net" are the same host: a final dot and case do not
// count.
bool DnsNameCovers(std::string_view pattern, std::string_view host);

// The name without its final dot, if it has one.
std::string_view WithoutFinalDot(std::string_view name);

// An IPv4 or IPv6 literal, as in a DERP map's HostName (no brackets).
bool IsIpLiteral(std::string_view name);

}  // namespace derp::net
