// The head that a proxy or load balancer puts in front of a connection to say who its client is
// (haproxy's doc/proxy-protocol.txt, versions 1 and 2). No I/O: bytes in, an address out. Only for
// connections from sources that are trusted to send one.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"

namespace derp::net {

// Of a head of version 2 with its TLVs, which are skipped. Version 1 has a limit of its own: 107.
inline constexpr std::size_t kMaxProxyHead = 4096;

enum class ProxyHeadError {
  kNotProxy,   // something else
  kMalformed,  // begins like a head and goes on wrong
  kTooLong,
};

std::string_view ProxyHeadErrorText(ProxyHeadError error);

struct ProxyHead {
  // The client, an IPv4-mapped address as IPv4. Empty when the proxy speaks for itself (LOCAL) or
  // does not know (UNKNOWN, Unix sockets): then the socket's address stands.
  std::optional<SocketAddress> client;
};

// Takes the head off the front of a stream that comes in pieces. Wrong bytes are found as soon as
// they are there; no more than kMaxProxyHead bytes are kept.
class ProxyHeadReader {
 public:
  // Empty while the head is not whole; `input` is then used up. Afterwards `input` is what follows
  // the head. Not to be called again after a head or an error.
  Expected<std::optional<ProxyHead>, ProxyHeadError> Take(ByteView& input);

  bool began() const { return !head_.empty(); }

 private:
  // How long the head is, once that is known; until then how many bytes say more.
  Expected<std::size_t, ProxyHeadError> Wanted() const;

  Bytes head_;
};

}  // namespace derp::net
