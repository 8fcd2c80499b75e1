// The head of an HTTP/1.x response, cut off a byte stream without I/O. What follows it stays in the
// caller's input: after a 101 that is the first DERP frame.
#pragma once

#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/defaults.h"
#include "common/base/result.h"
#include "common/http/head_syntax.h"
#include "common/http/headers.h"

namespace derp::http {

struct ResponseHead {
  unsigned minor_version = 1;
  int status = 0;      // 100 to 999
  std::string reason;  // may be empty
  Headers headers;
};

// Takes one head off the front of `input`. Empty while part of it has yet to arrive; `input` moves
// on only when the whole head was there. Fails at the first byte that cannot belong to "HTTP/1.".
Expected<std::optional<ResponseHead>, HeadError> TakeResponseHead(
    ByteView& input, std::size_t max_size = kMaxRequestHead);

}  // namespace derp::http
