// Steps that the TCP and the UDP half of sockets.h share. Not for other folders.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/fd.h"

namespace derp::net {

// A non-blocking, close-on-exec socket. `doing` starts the error text, such as "dial
// tcp 1.2.3.4:5".
Expected<Fd, Error> OpenSocket(AddressFamily family, int type, std::string_view doing);

// Binds; an unspecified IPv6 address takes IPv4 as well unless `only_ipv6`, any other IPv6 address
// does not.
Expected<void, Error> BindAddress(int fd, const SocketAddress& address, std::string_view doing,
                                  bool only_ipv6 = false);

bool SetOption(int fd, int level, int name, int value);

// The address as Go's listen errors show it: ":443" for all interfaces.
std::string ListenText(const SocketAddress& address);

// Whether binding [::] failed because this machine has no IPv6.
bool FallsBackToIpv4(const SocketAddress& address, const Error& error);

}  // namespace derp::net
