// A relay's link to another relay of its region, on an event loop (derp-protocol.md 5.10, 6.8):
// connects, logs in with the mesh key, watches who is connected there, forwards packets, and tries
// again for ever when it breaks. Never blocks; DNS is asked on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/defaults.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/crypto/random.h"
#include "common/derp/client_dialogue.h"
#include "common/derp/loop_dialer.h"
#include "common/derp/loop_stream.h"
#include "common/derp/relay_url.h"
#include "common/net/event_loop.h"
#include "common/net/peer_verification.h"
#include "common/net/resolver.h"
#include "common/net/tls_context.h"
#include "common/wire/messages.h"

namespace derp {

// Enough for a burst of two bandwidth probes (2 MiB each) while the peer catches up; more would
// only grow old here.
inline constexpr std::size_t kMeshQueueLimit = 4 * 1024 * 1024;
// More than a large relay has; what a peer announces beyond it costs nothing here.
inline constexpr std::size_t kMaxMeshPeers = 262'144;

struct MeshClientOptions {
  RelayUrl url;
  std::string name{};       // for the log; empty: the URL
  std::string dial_host{};  // where TCP goes instead of the URL's host; TLS name and Host stay
  NodePrivate key;          // the relay's own: the other side then knows whose link this is
  std::function<MeshKey()> mesh_key;  // asked for at every login; must be set
  // The trust anchors, asked for at every dial, so that a reload needs no restart. https needs
  // them.
  std::function<std::shared_ptr<const net::RootStore>()> roots{};
  // How long to wait after so many failures in a row; unset: always kMeshRetryInterval.
  std::function<Duration(unsigned failures)> retry_delay{};
  Duration connect_timeout = kConnectTimeout;  // DNS to ServerInfo
  Duration write_timeout = kMeshWriteTimeout;  // without the peer taking a byte
  Duration read_timeout = kClientReadTimeout;  // without a byte from the peer
  std::size_t queue_limit = kMeshQueueLimit;   // bytes waiting to be sent
  std::size_t peer_limit = kMaxMeshPeers;      // keys present at a time; the rest is ignored
};

// Called in the loop's thread. They may call ForwardPacket, but neither Stop nor the destructor:
// post those.
struct MeshClientEvents {
  // May come repeatedly for a key; `gone` comes once, for the last departure. When the link breaks,
  // every key that was present goes with kMeshConnectionBroke.
  std::function<void(const wire::PeerPresent&)> present;
  std::function<void(const wire::PeerGone&)> gone;
};

struct MeshCounters {
  std::uint64_t connects = 0;  // logins that succeeded
  std::uint64_t failures = 0;  // attempts and links that ended
  std::uint64_t packets_forwarded = 0;
  std::uint64_t packets_dropped_down = 0;  // no link at the time
  std::uint64_t packets_dropped_full = 0;  // the queue was at its limit
  std::uint64_t peers_refused = 0;         // announcements above the limit
};

class MeshClient {
 public:
  enum class State {
    kStopped,
    kConnecting,  // DNS to ServerInfo
    kUp,
    kWaiting,        // until the next try
    kConnectedSelf,  // the URL leads to the relay with our own key: ended for good
  };

  // Touches neither loop nor network. `loop`, `random` and `logger` outlive the client.
  MeshClient(MeshClientOptions options, MeshClientEvents events, net::EventLoop& loop,
             std::shared_ptr<net::Resolver> resolver, RandomSource& random, const Logger& logger);
  ~MeshClient();  // as Stop(); no event is called
  MeshClient(const MeshClient&) = delete;
  MeshClient& operator=(const MeshClient&) = delete;

  // In the loop's thread, or while the loop does not run; so do all that follow.
  void Start();
  // Closes and forgets without calling events; nothing of the loop is held any more.
  void Stop();

  // Queues the packet or drops it: while the link is down, when the queue is full, or when the
  // packet is larger than the protocol allows.
  void ForwardPacket(const NodePublic& source, const NodePublic& destination, ByteView packet);

  State state() const { return state_; }
  const MeshCounters& counters() const { return counters_; }
  std::size_t peers() const { return present_.size(); }  // present there
  const RelayUrl& url() const { return options_.url; }

 private:
  struct Timers;

  void Dial();
  void OnConnected(net::Fd fd);
  std::optional<Error> OnStreamReady();
  std::optional<Error> OnData(ByteView bytes);
  std::optional<Error> RefuseSelf(const NodePublic& server);
  void Handle(const ServerMessage& message);
  void OnPresent(const wire::PeerPresent& event);
  void OnUp();
  void Break(const Error& error);
  void Disconnect();
  void CheckIdle();
  Duration RetryDelay() const;

  MeshClientOptions options_;
  MeshClientEvents events_;
  net::EventLoop& loop_;
  std::shared_ptr<net::Resolver> resolver_;
  RandomSource& random_;
  const Logger& logger_;
  const std::string log_name_;  // mesh("name")
  const NodePublic own_;
  const std::shared_ptr<const net::TlsClientContext> tls_context_;  // null: plain text

  State state_ = State::kStopped;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<LoopDialer> dialer_;
  std::unique_ptr<LoopStream> stream_;
  std::shared_ptr<const net::RootStore> roots_;
  std::optional<ClientDialogue> dialogue_;
  std::set<NodePublic> present_;
  TimePoint last_read_;
  TimePoint up_since_;
  unsigned failures_in_a_row_ = 0;
  MeshCounters counters_;
};

}  // namespace derp
