// Stage tls: the handshake on a connected socket, and, when it fails, why: bytes that are no TLS,
// an alert, a filter on the way that dislikes names or versions (findings.md 3). Blocking.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/socket_address.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/walk_context.h"
#include "common/net/byte_stream.h"

namespace derp::diagnosis {

struct TlsStage {
  std::unique_ptr<net::ByteStream> stream;  // null when it failed
  std::optional<Finding> finding;           // an error, or the info tls.version
  Duration duration{};                      // of the first handshake
};

// `server_name` is the node's HostName; it is sent unless it is an address. Retries connect to
// `address` anew.
TlsStage RunTls(net::Fd fd, const SocketAddress& address, const std::string& server_name,
                const WalkContext& context, TimePoint deadline);

// The bytes as people know them: "HTTP", "SSH", else as printable text.
std::string DescribeFirstBytes(ByteView bytes);

}  // namespace derp::diagnosis
