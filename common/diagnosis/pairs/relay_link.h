// One client of a relay on an event loop: dials what the map says, judges the certificate, logs in,
// then passes packets on (derpprobe.md 5.1). Hundreds share one loop. Belongs to the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/derp/client_dialogue.h"
#include "common/derp/loop_stream.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/pairs/race_dialer.h"
#include "common/diagnosis/walk_context.h"
#include "common/diagnosis/worker_pool.h"

namespace derp::diagnosis {

// What all links of an engine share. Outlives them; the pool's threads end before the loop does.
struct LinkHost {
  const WalkContext& context;
  net::EventLoop& loop;
  WorkerPool& resolvers;
};

class RelayLink {
 public:
  // None of them may destroy the link: post that.
  struct Events {
    std::function<void()> up;                               // logged in
    std::function<void(const wire::RecvPacket&)> received;  // borrowed
    std::function<void(Error)> broken;                      // the last call
  };

  // `mesh_key` is sent over a verified certificate only (rule 10).
  RelayLink(LinkHost& host, derpmap::Node node, NodePrivate key, std::optional<MeshKey> mesh_key,
            Events events);
  ~RelayLink();
  RelayLink(const RelayLink&) = delete;
  RelayLink& operator=(const RelayLink&) = delete;

  // Everything up to the login within `limit`.
  void Start(Duration limit);

  // After `up`. kRateLimited: more than the relay asked for, nothing was queued.
  ClientSession::SendResult Send(const NodePublic& to, ByteView packet);

  bool is_up() const { return info_.has_value(); }
  const wire::ServerInfo& info() const { return *info_; }  // after `up`
  const NodePublic& key() const { return public_key_; }
  const derpmap::Node& node() const { return node_; }

 private:
  using Found = Expected<std::vector<SocketAddress>, Error>;

  void OnAddresses(const Found& found);
  void OnConnected(net::Fd fd);
  std::optional<Error> OnReady();
  std::optional<Error> OnData(ByteView bytes);
  void Handle(const ServerMessage& message, Bytes& out);
  void CheckIdle();
  void Break(Error error);

  LinkHost& host_;
  derpmap::Node node_;
  NodePrivate key_;
  NodePublic public_key_;
  std::optional<MeshKey> mesh_key_;
  Events events_;
  std::shared_ptr<RelayLink*> self_;  // for tasks under way: null once the link is gone
  net::Timer limit_timer_;
  net::Timer idle_timer_;
  bool dead_ = false;
  std::unique_ptr<RaceDialer> dialer_;
  std::unique_ptr<LoopStream> stream_;
  std::optional<ClientDialogue> dialogue_;
  std::optional<wire::ServerInfo> info_;
  TimePoint last_read_;
};

// Where a client looks for the node: the map's literals, and DNS for families without one.
Expected<std::vector<SocketAddress>, Error> AddressesOf(const derpmap::Node& node,
                                                        net::Resolver& resolver,
                                                        TimePoint deadline);

}  // namespace derp::diagnosis
