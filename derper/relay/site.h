// The seam between the relay's HTTP connections and the pages: everything but the DERP upgrade is
// handed to a Site. The relay reads the head, frames the answer and keeps or ends the connection.
#pragma once

#include <functional>
#include <string>

#include "common/base/socket_address.h"
#include "common/http/headers.h"
#include "common/http/request_head.h"

namespace derp::relay {

struct SiteRequest {
  http::RequestHead head;
  SocketAddress peer;  // unmapped
  bool tls = false;
};

struct SiteReply {
  int status = 200;
  http::Headers headers;  // without Content-Length, Connection and Date: the relay adds them
  std::string body;       // left out for HEAD, 204 and 304
};

// Called in the control thread, one request at a time; must not block.
using Site = std::function<SiteReply(const SiteRequest&)>;

}  // namespace derp::relay
