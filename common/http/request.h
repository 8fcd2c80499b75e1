// A whole request as a handler sees it.
#pragma once

#include <string>

#include "common/base/socket_address.h"
#include "common/http/request_head.h"

namespace derp::http {

struct Request {
  RequestHead head{};
  std::string path{};   // percent-decoded; for CONNECT and "*" the target itself
  std::string query{};  // as sent, without '?'
  std::string body{};
  SocketAddress remote{};
  // `remote` was told by a PROXY head, or hides behind one: whatever it looks like, it is not this
  // machine's word.
  bool proxied = false;
  bool tls = false;

  const std::string& method() const { return head.method; }
};

}  // namespace derp::http
