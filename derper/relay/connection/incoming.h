// A socket on its way from the control thread to the worker that will own it.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/socket_address.h"
#include "common/net/fd.h"
#include "common/net/tls_context.h"

namespace derp::relay {

struct Incoming {
  net::Fd fd;
  SocketAddress peer;
  std::size_t listener = 0;                                  // index into the relay's options
  std::shared_ptr<const net::TlsServerContext> tls_context;  // null: plain
  bool proxied = false;                                      // a PROXY head comes first
};

}  // namespace derp::relay
