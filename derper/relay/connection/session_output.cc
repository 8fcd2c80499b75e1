// The writing half of a session.
#include "derper/relay/connection/session.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

// What is encrypted and handed to the socket in one go: a few full TLS records.
constexpr std::size_t kMaxOutput = 64 * 1024;
// Watch updates are written while there is less control output than this.
constexpr std::size_t kMaxWatchOutput = 16 * 1024;
constexpr std::size_t kWatchBatch = 128;
constexpr double kQueueTimeFactor = 0.1;
// What every connection is told that is not the only one with its key.
constexpr std::string_view kDuplicateText =
    "duplicate connection: another client is connected to this relay with the same node key";

}  // namespace

bool Session::Fits(PacketKind kind, std::size_t size) const {
  return lane(kind).Fits(size, worker_.lane_limits());
}

void Session::DropOldest(PacketKind kind) {
  DropFront(kind, DropReason::kQueueHead);
  CountQueueTime(kind, lane(kind).front().queued);
  lane(kind).PopFront();
}

void Session::DropFront(PacketKind kind, DropReason reason) {
  const Lane::Entry& entry = lane(kind).front();
  worker_.counters().Drop(reason, kind, Lane::PayloadSize(entry));
  CountLoss(reason, entry, lane(kind).front_frame());
}

void Session::Enqueue(PacketKind kind, const HashedKey& source, ByteView payload, bool from_mesh) {
  lane(kind).Push(source, payload, from_mesh, worker_.Now(), worker_.pool());
}

void Session::TellPeerLeft(const HashedKey& peer) {
  if (sources_.erase(peer) == 0 && !mesh_sources_.Erase(peer)) return;
  last_source_.reset();  // its next packet registers again, so later departures are told as well
  wire::AppendPeerGone(control_, {.peer = peer.key, .reason = wire::PeerGoneReason::kDisconnected});
  ++control_frames_;
  worker_.counters().gone_disconnected_frames.Add();
}

void Session::TellNotHere(const NodePublic& peer) {
  if (!not_here_limit_.Take(1, worker_.Now())) return;
  wire::AppendPeerGone(control_, {.peer = peer, .reason = wire::PeerGoneReason::kNotHere});
  ++control_frames_;
  worker_.counters().gone_not_here_frames.Add();
  worker_.FlushLater(self_);
}

void Session::QueueKeepAlive() {
  wire::AppendKeepAlive(control_);
  ++control_frames_;
}

void Session::QueueRestarting(const wire::Restarting& message) {
  wire::AppendRestarting(control_, message);
  ++control_frames_;
}

bool Session::has_output() const {
  return !control_.empty() || pong_ || duplicates_changed_ || watch_pending_ ||
         !lanes_[0].empty() || !lanes_[1].empty();
}

ByteView Session::NextOutput(Bytes& gather) {
  batch_ = {};
  CollectControl();
  const bool has_disco = !lane(PacketKind::kDisco).empty();
  const bool has_other = !lane(PacketKind::kOther).empty();
  if (control_.empty() && has_disco != has_other) {
    batch_.output = TakeFrom(has_disco ? PacketKind::kDisco : PacketKind::kOther, kMaxOutput);
    return batch_.output;
  }
  gather.clear();
  std::swap(gather, control_);
  batch_.frames += std::exchange(control_frames_, 0);
  for (const PacketKind kind : {PacketKind::kDisco, PacketKind::kOther}) {
    if (lane(kind).empty() || gather.size() >= kMaxOutput) continue;
    AppendBytes(gather, TakeFrom(kind, kMaxOutput - gather.size()));
  }
  batch_.output = gather;
  return gather;
}

void Session::CollectControl() {
  if (pong_) {
    wire::AppendPong(control_, *pong_);
    ++control_frames_;
    worker_.counters().sent_pong.Add();
    pong_.reset();
  }
  if (duplicates_changed_) CollectHealth();
  if (watch_pending_) CollectWatchUpdates();
}

// What holds now counts, so a client that reads slowly gets one frame and not the whole quarrel.
void Session::CollectHealth() {
  duplicates_changed_ = false;
  const bool duplicate = worker_.registry().StateOf(key_, self_).has_duplicates;
  if (duplicate == told_duplicate_) return;
  told_duplicate_ = duplicate;
  wire::AppendHealth(control_, duplicate ? kDuplicateText : std::string_view());
  ++control_frames_;
}

// Present or gone is asked for now, so no update overtakes another.
void Session::CollectWatchUpdates() {
  WorkerCounters& counters = worker_.counters();
  std::uint64_t loops = 0;
  while (control_.size() < kMaxWatchOutput) {
    const std::vector<HashedKey> keys = watcher_->Take(kWatchBatch);
    if (keys.empty()) {
      watch_pending_ = false;
      // Marks them all, which wakes this session.
      if (std::exchange(watch_again_, false)) worker_.registry().AddWatcher(watcher_);
      break;
    }
    ++loops;
    counters.mesh_batch.Observe(keys.size());
    for (const HashedKey& key : keys) {
      ++control_frames_;
      if (const auto presence = worker_.registry().LocalPresence(key)) {
        const SocketAddress address{IpAddress::V6(presence->ip).Unmap(), presence->port};
        wire::AppendPeerPresent(control_,
                                {.peer = key.key, .address = address, .flags = presence->flags});
      } else {
        wire::AppendPeerGone(control_,
                             {.peer = key.key, .reason = wire::PeerGoneReason::kDisconnected});
        counters.gone_disconnected_frames.Add();
      }
    }
  }
  counters.mesh_loop.Observe(loops);
}

ByteView Session::TakeFrom(PacketKind kind, std::size_t limit) {
  Lane& from = lane(kind);
  const ByteView waiting = from.Waiting();
  std::size_t taken = 0;
  do {
    const Lane::Entry& entry = from.front();
    Account(kind, entry, from.front_frame());
    taken += entry.size;
    from.PopFront();
  } while (!from.empty() && taken + from.front().size <= limit);
  return waiting.first(taken);
}

void Session::Account(PacketKind kind, const Lane::Entry& entry, ByteView frame) {
  const auto index = static_cast<std::size_t>(kind);
  ++batch_.frames;
  ++batch_.packets[index];
  batch_.bytes[index] += Lane::PayloadSize(entry);
  CountDelivery(entry, frame, CountQueueTime(kind, entry.queued));
  if (last_source_ == entry.source_hash) return;
  last_source_ = entry.source_hash;
  const HashedKey source{NodePublic::FromBytes(frame.subspan(wire::kFrameHeaderSize, kKeySize)),
                         entry.source_hash};
  AwaitDeparture(source, entry.from_mesh);
}

void Session::AwaitDeparture(const HashedKey& source, bool from_mesh) {
  if (sources_.contains(source) || mesh_sources_.contains(source)) return;
  Registry& registry = worker_.registry();
  if (!from_mesh) {
    sources_.insert(source);
    if (!registry.AddInterest(source, self_, Registry::Origin::kLocal)) TellPeerLeft(source);
  } else if (registry.AddInterest(source, self_, Registry::Origin::kMesh)) {
    const auto forgotten = mesh_sources_.Insert(source);
    if (forgotten) registry.RemoveInterest(*forgotten, self_);
  }
}

Duration Session::CountQueueTime(PacketKind kind, TimePoint queued) {
  WorkerCounters& counters = worker_.counters();
  const Duration waited = worker_.Now() - queued;
  counters.queue_time[static_cast<std::size_t>(kind)].Observe(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(waited).count()));
  const double before = counters.queue_ms.load(std::memory_order_relaxed);
  const auto sample =
      static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(waited).count());
  counters.queue_ms.store(before < 0 ? sample : before + kQueueTimeFactor * (sample - before),
                          std::memory_order_relaxed);
  return waited;
}

void Session::OutputWritten(bool success) {
  WorkerCounters& counters = worker_.counters();
  if (batch_.frames > 0) counters.write_frames.Observe(batch_.frames);
  if (!success) CountFailedOutput(batch_.output);
  for (const PacketKind kind : {PacketKind::kDisco, PacketKind::kOther}) {
    const auto index = static_cast<std::size_t>(kind);
    lane(kind).ReleaseIfEmpty(worker_.pool());
    if (success) {
      counters.packets_sent.Add(batch_.packets[index]);
      counters.bytes_sent.Add(batch_.bytes[index]);
      traffic_.counts.packets_out += batch_.packets[index];
      traffic_.counts.bytes_out += batch_.bytes[index];
    } else {
      const auto reason = static_cast<std::size_t>(DropReason::kWriteError);
      counters.packets_dropped[reason].of(kind).Add(batch_.packets[index]);
      counters.bytes_dropped[reason].of(kind).Add(batch_.bytes[index]);
    }
  }
  batch_ = {};
}

}  // namespace derp::relay
