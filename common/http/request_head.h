// The head of an HTTP/1.x request, cut off a byte stream without I/O. What follows it (a body, or
// DERP frames sent ahead of the 101 reply) stays in the caller's input.
// Lenient as Go's server (HTTP/1.0, bare LF, any method), strict where readers could disagree.
#pragma once

#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/defaults.h"
#include "common/base/result.h"
#include "common/http/head_syntax.h"
#include "common/http/headers.h"

namespace derp::http {

struct RequestHead {
  std::string method{};
  std::string target{};        // as sent: "/path?query", "http://host/path", "*", "host:port"
  unsigned minor_version = 1;  // of HTTP/1.x
  Headers headers{};

  // RFC 9112 9.3: persistent unless the client says otherwise; HTTP/1.0 must ask for it.
  bool WantsKeepAlive() const;
};

// Takes one head off the front of `input`. Empty while part of it has yet to arrive; `input` moves
// on only when the whole head was there. What cannot become a request fails at its first wrong
// byte, so that a TLS client at a plain port does not wait for a time-out.
Expected<std::optional<RequestHead>, HeadError> TakeRequestHead(
    ByteView& input, std::size_t max_size = kMaxRequestHead);

// What to answer: 400, 431 or 505.
int HeadErrorStatus(HeadError error);

}  // namespace derp::http
