// A logged-in client's view of the stream, without I/O: frames in, messages out; packets in, frames
// out (derp-protocol.md 4.6, 6.3). Skips what it does not know, drops what is malformed but
// harmless, and fails for good on the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/token_bucket.h"
#include "common/crypto/keys.h"
#include "common/derp/client_failure.h"
#include "common/wire/login.h"
#include "common/wire/messages.h"

namespace derp {

struct KeepAlive {};
struct Ping {
  wire::PingData data;
};
struct Pong {
  wire::PingData data;
};
struct Health {
  std::string_view problem;  // empty: healthy again
};

// What a relay says. Packets and texts borrow from the input.
using ServerMessage = std::variant<wire::ServerInfo, wire::RecvPacket, KeepAlive, wire::PeerGone,
                                   wire::PeerPresent, Ping, Pong, Health, wire::Restarting>;

class ClientSession {
 public:
  // `box` is between the client's key and `server`. `fast_start`: the server may still answer in
  // HTTP, which is then recognised.
  ClientSession(const BoxKey& box, const NodePublic& server, bool fast_start);

  // The next message off the front of `input`; empty until one is complete. A failure is final:
  // every later call repeats it.
  Expected<std::optional<ServerMessage>, ClientFailure> Take(ByteView& input, TimePoint now);

  // The failure that the end of the stream is, given what had come by then.
  ClientFailure InputEnded(ByteView rest);

  enum class SendResult {
    kAppended,
    kRateLimited,  // more than the relay asked for: dropped, which is no failure
    kTooLarge,     // above 65536 bytes; nothing was done
  };
  SendResult AppendPacket(Bytes& out, const NodePublic& destination, ByteView packet,
                          TimePoint now);

  const NodePublic& server() const { return server_; }
  std::uint64_t ignored_frames() const { return ignored_frames_; }  // skipped or malformed

 private:
  Expected<std::optional<ServerMessage>, ClientFailure> FailWith(ClientFailure failure);
  std::optional<ClientFailure> LookForHttp(ByteView input);
  Expected<std::optional<ServerMessage>, ClientFailure> Read(const wire::Frame& frame,
                                                             TimePoint now);
  void Limit(const wire::ServerInfo& info, TimePoint now);

  BoxKey box_;
  NodePublic server_;
  bool http_possible_;
  std::optional<ClientFailure> failure_;
  std::optional<TokenBucket> limiter_;
  std::uint64_t ignored_frames_ = 0;
};

}  // namespace derp
