// Stage tls: the handshake on a connected socket, and, when it fails, why: bytes that are no TLS,
// an alert, a filter on the way that dislikes names or versions (findings.md 3). Waits in the poll
// loop, works in a worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/socket_address.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/tls_attempt.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

struct TlsStage {
  std::unique_ptr<net::ByteStream> stream;  // null when it failed
  std::optional<Finding> finding;           // an error, or the info tls.version
  Duration duration{};                      // of the first handshake
  Duration queued{};                        // time without a worker; in no duration
};

// On the connected `fd`, for at most `limit`. `server_name` is the node's HostName; it is sent
// unless it is an address. Retries connect to `address` anew. `context` outlives the stage; `done`
// is called once, in a worker.
void StartTlsStage(const Engine& engine, net::Fd fd, const SocketAddress& address,
                   const std::string& server_name, const WalkContext& context, Duration limit,
                   std::function<void(TlsStage)> done);

// The bytes as people know them: "HTTP", "SSH", else as printable text.
std::string DescribeFirstBytes(ByteView bytes);

}  // namespace derp::diagnosis
