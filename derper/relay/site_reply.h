// A site's answer as bytes for the wire.
#pragma once

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "derper/relay/site.h"

namespace derp::relay {

struct ReplyFraming {
  bool keep_alive = false;
  bool head_only = false;  // the answer to HEAD: the length without the body
  unsigned minor_version = 1;
};

Bytes FormatReply(const SiteReply& reply, const ReplyFraming& framing, WallTime now);

// A short text for people, framed as Go's http.Error does.
SiteReply ErrorReply(int status, std::string_view text);

}  // namespace derp::relay
