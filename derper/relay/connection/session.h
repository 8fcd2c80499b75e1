// One logged-in client: reads its frames, queues what others send to it, and hands out what is to
// be written (derp-protocol.md 5.2 to 5.10). No I/O here; the connection does that.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <unordered_set>

#include "common/base/bytes.h"
#include "common/base/socket_address.h"
#include "common/base/token_bucket.h"
#include "common/wire/messages.h"
#include "derper/relay/connection/frame_stream.h"
#include "derper/relay/connection/home_note.h"
#include "derper/relay/connection/login_stage.h"
#include "derper/relay/queues/lane.h"
#include "derper/relay/queues/packet_kind.h"
#include "derper/relay/registry/bounded_key_set.h"
#include "derper/relay/registry/connection_ref.h"
#include "derper/relay/registry/registry.h"
#include "derper/relay/registry/route_cache.h"
#include "derper/relay/registry/watcher.h"
#include "derper/relay/traffic/traffic_port.h"

namespace derp::relay {

class Worker;

struct ClientFacts {
  LoggedIn login;
  SocketAddress peer;
  bool not_ideal = false;
};

// Belongs to a connection of `worker`, in whose thread everything happens.
class Session {
 public:
  // Registers the client; the first output is ServerInfo.
  Session(Worker& worker, ConnectionRef self, const ClientFacts& facts);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();  // unregisters, counts what was not sent

  // A chunk of input comes: what is in it makes this connection the active one of its key.
  void BeginInput() { heard_ = false; }
  FrameHandler::Verdict OnHeader(const wire::FrameHeader& header);
  bool OnFrame(const wire::Frame& frame);

  // A packet for this client. False when the lane is full: write first, then use DropOldest().
  bool Fits(PacketKind kind, std::size_t size) const;
  void DropOldest(PacketKind kind);
  void Enqueue(PacketKind kind, const HashedKey& source, ByteView payload, bool from_mesh);

  // Control frames.
  void TellPeerLeft(const HashedKey& peer);
  void TellNotHere(const NodePublic& peer);  // limited
  // Whether others have the same key may have changed.
  void CheckDuplicates() { duplicates_changed_ = true; }
  void QueueKeepAlive();
  void QueueRestarting(const wire::Restarting& message);
  // False when this watcher has fallen so far behind that it is to be closed.
  bool WatcherHasWork();

  bool has_output() const;
  // The next bytes to write, whole frames; borrowed until the next call of anything here.
  ByteView NextOutput(Bytes& gather);
  // How the bytes of the last NextOutput() fared.
  void OutputWritten(bool success);
  // Gives memory back that is kept for the next packets.
  void ReleaseIdle() {
    for (Lane& lane : lanes_) lane.ReleaseIdle();
  }

  // What this client's part of a traffic snapshot is.
  void FillTraffic(ClientFigures& figures) const;

  bool is_mesh() const { return facts_.login.is_mesh; }
  const HashedKey& key() const { return key_; }
  bool is_home() const { return home_.is_home(); }  // it calls this relay its home

 private:
  struct Batch {
    std::uint64_t frames = 0;  // packets and control frames
    std::array<std::uint64_t, kPacketKinds> packets{};
    std::array<std::uint64_t, kPacketKinds> bytes{};
    ByteView output;  // all of it
  };

  void BecomeActive();
  void LogHeader(const wire::FrameHeader& header) const;
  void LogDrop(DropReason reason, const NodePublic& source, const NodePublic& destination) const;
  bool OnSendPacket(ByteView payload);
  bool OnForwardPacket(ByteView payload);
  bool OnNotePreferred(ByteView payload);
  bool OnWatchConns();
  bool OnClosePeer(ByteView payload);

  Lane& lane(PacketKind kind) { return lanes_[static_cast<std::size_t>(kind)]; }
  const Lane& lane(PacketKind kind) const { return lanes_[static_cast<std::size_t>(kind)]; }
  void CollectControl();
  void CollectHealth();
  void CollectWatchUpdates();
  // Takes frames from the front of a lane, `limit` bytes but at least one frame.
  ByteView TakeFrom(PacketKind kind, std::size_t limit);
  // Counts and logs the oldest packet of a lane, which somebody else takes out.
  void DropFront(PacketKind kind, DropReason reason);
  void Account(PacketKind kind, const Lane::Entry& entry, ByteView frame);
  void AwaitDeparture(const HashedKey& source, bool from_mesh);
  Duration CountQueueTime(PacketKind kind, TimePoint queued);

  // session_traffic.cc
  // The row of what `entry` belongs to, if it has one.
  Flow* FlowOf(const Lane::Entry& entry, ByteView frame);
  void CountDelivery(const Lane::Entry& entry, ByteView frame, Duration waited);
  // A packet to this client that was dropped, respectively what was written to a broken socket.
  void CountLoss(DropReason reason, const Lane::Entry& entry, ByteView frame);
  void CountFailedOutput(ByteView frames);
  // A packet that this client sent: over the mesh, or nowhere.
  void CountForward(const NodePublic& destination, std::size_t size);
  void NoteLoss(DropReason reason, const HashedKey& source, const NodePublic& destination,
                std::size_t size);

  Worker& worker_;
  const ConnectionRef self_;
  const ClientFacts facts_;
  const HashedKey key_;
  const bool logs_frames_;

  // Reading.
  bool heard_ = false;
  std::uint64_t own_version_ = 0;  // of the own key's shard, when state was read last
  Registry::OwnState own_state_;
  std::unique_ptr<RouteCache> routes_;  // made by the first packet
  HomeNote home_;

  // Writing.
  std::array<Lane, kPacketKinds> lanes_;
  Bytes control_;
  std::uint64_t control_frames_ = 0;
  std::optional<wire::PingData> pong_;
  Batch batch_;
  TokenBucket not_here_limit_;
  bool duplicates_changed_ = false;
  bool told_duplicate_ = false;  // by the last Health frame

  // Sources this client was sent packets from, and is told about when they leave. Those of the mesh
  // can be made up by a peer; of more than the limit an old one is forgotten until its next packet.
  static constexpr std::uint32_t kMaxMeshSources = 4096;
  std::unordered_set<HashedKey, HashedKeyHash> sources_;
  BoundedKeySet mesh_sources_{kMaxMeshSources};
  std::optional<std::uint64_t> last_source_;

  ClientTraffic traffic_;

  std::shared_ptr<Watcher> watcher_;
  bool watch_pending_ = false;
  bool watch_again_ = false;  // asked for all once more before the last answer was written
};

}  // namespace derp::relay
