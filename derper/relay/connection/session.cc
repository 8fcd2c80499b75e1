#include "derper/relay/connection/session.h"

#include <fmt/format.h>

#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

using Verdict = FrameHandler::Verdict;

constexpr double kNotHerePerSecond = 1;
constexpr double kNotHereBurst = 3;
constexpr std::size_t kMinPing = 8;
constexpr std::size_t kMaxPing = 1000;

Presence PresenceOf(const ClientFacts& facts) {
  using Flags = wire::PeerPresentFlags;
  Presence presence{.ip = facts.peer.ip.as_16(), .port = facts.peer.port, .flags = 0};
  if (facts.login.is_mesh) presence.flags |= Flags::kMeshPeer;
  if (facts.login.is_prober) presence.flags |= Flags::kProber;
  if (facts.not_ideal) presence.flags |= Flags::kNotIdeal;
  if (presence.flags == 0) presence.flags = Flags::kRegular;
  return presence;
}

Verdict TakeIf(bool good) { return good ? Verdict::kTake : Verdict::kClose; }

}  // namespace

Session::Session(Worker& worker, ConnectionRef self, const ClientFacts& facts)
    : worker_(worker),
      self_(self),
      facts_(facts),
      key_(worker.registry().Hash(facts.login.key)),
      logs_frames_(worker.options().debug_logs.frames ||
                   (facts.login.is_prober && worker.options().debug_logs.prober_frames)),
      home_(worker.Now()),
      not_here_limit_(kNotHerePerSecond, kNotHereBurst, worker.Now()) {
  std::array<std::uint8_t, kBoxNonceSize> nonce{};
  worker.random().Fill(nonce);
  const auto server_info =
      wire::EncodeServerInfo({}, worker.options().private_key, facts.login.key, nonce);
  if (server_info) AppendBytes(control_, *server_info);
  ++control_frames_;
  worker.counters().connections.Add(1);
  if (facts.not_ideal) worker.counters().not_ideal_connections.Add(1);
  std::vector<ConnectionRef> duplicates = worker.registry().Register(key_, self, PresenceOf(facts));
  duplicates_changed_ = std::erase(duplicates, self) > 0;
  worker.CheckDuplicates(duplicates);
}

Session::~Session() {
  Registry& registry = worker_.registry();
  WorkerCounters& counters = worker_.counters();
  if (watcher_) {
    registry.RemoveWatcher(*watcher_);
    counters.watchers.Add(-1);
  }
  for (const HashedKey& source : sources_) registry.RemoveInterest(source, self_);
  for (const HashedKey& source : mesh_sources_.keys()) registry.RemoveInterest(source, self_);
  const Registry::Departure departure = registry.Unregister(key_, self_);
  worker_.TellPeerLeft(key_, departure.interested);
  if (departure.alone) worker_.CheckDuplicates({*departure.alone});
  counters.connections.Add(-1);
  if (facts_.not_ideal) counters.not_ideal_connections.Add(-1);
  if (home_.is_home()) counters.home_connections.Add(-1);
  for (const PacketKind kind : {PacketKind::kDisco, PacketKind::kOther}) {
    for (; !lane(kind).empty(); lane(kind).PopFront()) {
      DropFront(kind, DropReason::kGoneDisconnected);
    }
    lane(kind).ReleaseIfEmpty(worker_.pool());
  }
}

FrameHandler::Verdict Session::OnHeader(const wire::FrameHeader& header) {
  if (!heard_) BecomeActive();
  if (logs_frames_) LogHeader(header);
  const std::size_t length = header.length;
  switch (header.type) {
    case wire::FrameType::kSendPacket:
      return TakeIf(length >= kKeySize && length <= kKeySize + kMaxPacketSize);
    case wire::FrameType::kForwardPacket:
      return TakeIf(is_mesh() && length >= 2 * kKeySize && length <= 2 * kKeySize + kMaxPacketSize);
    case wire::FrameType::kNotePreferred:
      return TakeIf(length == 1);
    case wire::FrameType::kWatchConns:
      return TakeIf(length == 0 && is_mesh());
    case wire::FrameType::kClosePeer:
      return TakeIf(length == kKeySize && is_mesh());
    case wire::FrameType::kPing:
      worker_.counters().got_ping.Add();
      return TakeIf(length >= kMinPing && length <= kMaxPing);
    case wire::FrameType::kServerKey:
    case wire::FrameType::kClientInfo:
    case wire::FrameType::kServerInfo:
    case wire::FrameType::kRecvPacket:
    case wire::FrameType::kKeepAlive:
    case wire::FrameType::kPeerGone:
    case wire::FrameType::kPeerPresent:
    case wire::FrameType::kPong:
    case wire::FrameType::kHealth:
    case wire::FrameType::kRestarting:
      break;
  }
  worker_.counters().unknown_frames.Add();
  return Verdict::kSkip;
}

void Session::LogHeader(const wire::FrameHeader& header) const {
  worker_.logger().Info("derp client {}{}: read frame type {} len {}", facts_.peer.ToString(),
                        key_.key.ShortString(), static_cast<int>(header.type), header.length);
}

void Session::LogDrop(DropReason reason, const NodePublic& source,
                      const NodePublic& destination) const {
  if (!worker_.options().debug_logs.Drop(destination)) return;
  const std::string text = fmt::format("drop ({}) {} -> {}", ReasonLabel(reason),
                                       source.ShortString(), destination.ShortString());
  worker_.cause_log().Info(text, "{}", text);
}

bool Session::OnFrame(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::kSendPacket:
      return OnSendPacket(frame.payload);
    case wire::FrameType::kForwardPacket:
      return OnForwardPacket(frame.payload);
    case wire::FrameType::kNotePreferred:
      return OnNotePreferred(frame.payload);
    case wire::FrameType::kWatchConns:
      return OnWatchConns();
    case wire::FrameType::kClosePeer:
      return OnClosePeer(frame.payload);
    default: {  // OnHeader() takes nothing else but pings
      const auto ping = wire::DecodePing(frame.payload);
      if (!ping) return false;
      if (!pong_) pong_ = *ping;  // else one is waiting already: ignored
      worker_.FlushLater(self_);
      return true;
    }
  }
}

// The connection of its key that speaks is the one that gets the packets, once per chunk of input.
void Session::BecomeActive() {
  heard_ = true;
  Registry& registry = worker_.registry();
  const std::uint64_t version = registry.Version(key_).load(std::memory_order_acquire);
  if (version != own_version_) {
    own_version_ = version;
    own_state_ = registry.StateOf(key_, self_);
  }
  if (!own_state_.has_duplicates || own_state_.is_active) return;
  registry.Heard(key_, self_);
}

bool Session::OnSendPacket(ByteView payload) {
  const auto message = wire::DecodeSendPacket(payload);
  if (!message) return false;
  const std::size_t size = message->packet.size();
  const PacketKind kind =
      wire::LooksLikeDisco(message->packet) ? PacketKind::kDisco : PacketKind::kOther;
  WorkerCounters& counters = worker_.counters();
  counters.packets_received.Add();
  counters.bytes_received.Add(size);
  counters.received.of(kind).Add();
  ++traffic_.counts.packets_in;
  traffic_.counts.bytes_in += size;
  if (!routes_) routes_ = std::make_unique<RouteCache>(worker_.registry());
  const Route route = routes_->Find(message->destination);
  std::optional<DropReason> lost;
  switch (route.kind) {
    case Route::Kind::kLocal:
      lost = worker_.Deliver(route.connection, kind, key_, message->packet, false);
      break;
    case Route::Kind::kLink:
      counters.forwarded_out.Add();
      lost = worker_.Forward(route.link, kind, key_, message->destination, message->packet);
      if (!lost) CountForward(message->destination, size);
      break;
    case Route::Kind::kDormant:
      counters.Drop(*(lost = DropReason::kDupClient), kind, size);
      break;
    case Route::Kind::kUnknown:
      counters.Drop(*(lost = DropReason::kUnknownDest), kind, size);
      if (kind == PacketKind::kDisco) TellNotHere(message->destination);
      break;
  }
  if (lost) NoteLoss(*lost, key_, message->destination, size);
  return true;
}

bool Session::OnForwardPacket(ByteView payload) {
  const auto message = wire::DecodeForwardPacket(payload);
  if (!message) return false;
  const std::size_t size = message->packet.size();
  const PacketKind kind =
      wire::LooksLikeDisco(message->packet) ? PacketKind::kDisco : PacketKind::kOther;
  WorkerCounters& counters = worker_.counters();
  counters.forwarded_in.Add();
  ++traffic_.counts.packets_in;
  traffic_.counts.bytes_in += size;
  if (!routes_) routes_ = std::make_unique<RouteCache>(worker_.registry());
  const Route route = routes_->Find(message->destination);
  const HashedKey source = worker_.registry().Hash(message->source);
  std::optional<DropReason> lost;
  if (route.kind == Route::Kind::kLocal && !message->source.is_zero()) {
    lost = worker_.Deliver(route.connection, kind, source, message->packet, true);
  } else if (route.kind == Route::Kind::kDormant) {
    counters.Drop(*(lost = DropReason::kDupClient), kind, size);
  } else {
    counters.Drop(*(lost = DropReason::kUnknownDestOnForward), kind, size);
    const bool unknown = route.kind != Route::Kind::kLocal;
    if (unknown && kind == PacketKind::kDisco) TellNotHere(message->destination);
  }
  if (lost) NoteLoss(*lost, source, message->destination, size);
  return true;
}

bool Session::OnNotePreferred(ByteView payload) {
  const auto preferred = wire::DecodeNotePreferred(payload);
  if (!preferred) return false;
  const HomeNote::Change change = home_.Note(*preferred, worker_.Now());
  if (change == HomeNote::Change::kNone) return true;
  WorkerCounters& counters = worker_.counters();
  counters.home_connections.Add(*preferred ? 1 : -1);
  if (change == HomeNote::Change::kMoved) {
    (*preferred ? counters.home_moves_in : counters.home_moves_out).Add();
  }
  return true;
}

// However often it is asked, at most one answer waits behind the one being written.
bool Session::OnWatchConns() {
  if (key_.key == worker_.server_key()) return true;  // a relay that dialled itself
  if (watch_pending_) {
    watch_again_ = true;
    return true;
  }
  if (!watcher_) {
    watcher_ = std::make_shared<Watcher>(worker_.WakeForWatcher(self_));
    worker_.counters().watchers.Add(1);
  }
  worker_.registry().AddWatcher(watcher_);
  watch_pending_ = true;
  worker_.FlushLater(self_);
  return true;
}

bool Session::WatcherHasWork() {
  watch_pending_ = watcher_ != nullptr;
  return !watcher_ || !watcher_->fell_behind();
}

bool Session::OnClosePeer(ByteView payload) {
  const auto target = wire::DecodeClosePeer(payload);
  if (!target) return false;
  worker_.ClosePeer(*target);
  return true;
}

}  // namespace derp::relay
