// What the TLS contexts hold. For the .cc files of this folder only.
#pragma once

#include <functional>

#include "common/net/openssl_handles.h"
#include "common/net/tls_context.h"

namespace derp::net {

struct TlsServerContext::Impl {
  SslContextPtr context;
  std::function<bool(std::string_view sni)> accept_sni;
};

struct TlsClientContext::Impl {
  SslContextPtr context;
};

}  // namespace derp::net
