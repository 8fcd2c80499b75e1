// A TUN device of its own with a TCP connection that leaves through it (derpprobe.md 5.6). Linux
// only; needs CAP_NET_ADMIN and /dev/net/tun. With CAP_SYS_ADMIN it lives in a network namespace
// that nobody else sees, else under a name of its own in this one.
#pragma once

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/fd.h"

namespace derp::diagnosis {

struct TunEnds {
  net::Fd device;    // IPv4 packets, one per read and write; non-blocking, as the others
  net::Fd listener;  // on `own`
  net::Fd client;    // connecting to `peer`, which nobody has: its packets come out of the device
  IpAddress own;
  IpAddress peer;
};

// The two usable addresses of the /30 around an IPv4 address.
struct TunAddresses {
  IpAddress own;
  IpAddress peer;
};
TunAddresses TunAddressesOf(const IpAddress& address);

// Blocks for a moment, in a thread of its own making. The error says what is missing.
Expected<TunEnds, Error> OpenTun(const IpAddress& address);

// Turns a packet from `own` to `peer` into one from `peer` to `own`; the checksums stay right.
// False, and nothing changed, for any other packet.
bool TurnAround(ByteSpan packet, const TunAddresses& addresses);

}  // namespace derp::diagnosis
