// The STUN server's sockets: blocking, bound to one address, ready for a flood, telling which
// address was asked.
#pragma once

#include <vector>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/fd.h"

namespace derp::relay {

// `count` sockets on one address and port; the kernel spreads the clients over them. The first is
// bound alone, so that an address in use is noticed; port 0 picks a port for all. A wildcard
// address is dual-stack as net::BindUdp() makes it.
Expected<std::vector<net::Fd>, Error> OpenStunSockets(const SocketAddress& address, unsigned count);

}  // namespace derp::relay
