#include "common/diagnosis/stage_mesh.h"

#include <algorithm>
#include <chrono>
#include <poll.h>

#include "common/diagnosis/connection_end.h"
#include "common/diagnosis/packet_ledger.h"
#include "common/diagnosis/stage_relay.h"
#include "common/diagnosis/stage_stun.h"

namespace derp::diagnosis {

namespace {

// Under way in one direction; well below the relay's queue of 32 per client.
constexpr int kPacketWindow = 4;
constexpr int kMessagesAtOnce = 256;  // of one relay, before the clock and the others have a turn
constexpr auto kLateAfter = std::chrono::seconds(2);

// One ordered pair under way.
struct Direction {
  std::size_t from = 0;
  std::size_t to = 0;
  int tries = 0;
  int sent = 0;  // counted packets
  int received = 0;
  int written_off = 0;
  TimePoint next_try{};  // while nothing has arrived
  TimePoint overdue{};   // after that
  std::optional<Duration> first;
  TimePoint first_at{};
  std::vector<Duration> rtts;

  bool Done() const {
    return first && sent == kCountedPackets && received + written_off >= kCountedPackets;
  }
};

class MeshRun {
 public:
  MeshRun(std::vector<MeshMember>& members, const WalkContext& context)
      : members_(members),
        context_(context),
        ledger_(context.random),
        start_(context.clock.Now()),
        deadline_(start_ + context.caps.mesh),
        closed_(members.size()) {
    for (std::size_t from = 0; from < members.size(); ++from) {
      for (std::size_t to = 0; to < members.size(); ++to) {
        if (from == to) continue;
        Direction direction;
        direction.from = from;
        direction.to = to;
        direction.next_try = start_;
        directions_.push_back(std::move(direction));
      }
    }
  }

  void Run() {
    while (context_.clock.Now() < deadline_ && !AllDone()) {
      for (std::size_t i = 0; i < directions_.size(); ++i) Advance(i);
      WaitForAny();
      for (std::size_t i = 0; i < members_.size(); ++i) ReceiveAll(i);
    }
  }

  void Report(MeshReport& report) const {
    const TimePoint end = context_.clock.Now();
    for (const Direction& direction : directions_) {
      const MeshMember& from = members_[direction.from];
      const MeshMember& to = members_[direction.to];
      if (closed_[direction.from] || closed_[direction.to]) continue;
      MeshDirection result;
      result.from = from.node;
      result.to = to.node;
      result.sent = direction.first ? direction.sent : direction.tries;
      result.received = direction.received;
      result.first = direction.first;
      result.rtt = Median(direction.rtts);
      if (!result.rtt) result.rtt = direction.first;
      result.waited = direction.first ? direction.first_at - start_ : end - start_;
      const TimePoint ready = std::max({from.logged_in, to.logged_in, start_});
      result.late = direction.first && direction.first_at - ready > kLateAfter;
      report.directions.push_back(std::move(result));
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (closed_[i]) report.closed.push_back({members_[i].node, *closed_[i], closed_after_});
    }
  }

 private:
  bool Over(const Direction& d) const { return closed_[d.from] || closed_[d.to] || d.Done(); }

  bool AllDone() const {
    return std::all_of(directions_.begin(), directions_.end(),
                       [this](const Direction& d) { return Over(d); });
  }

  Duration Patience(const Direction& direction) const {
    return std::max<Duration>(kLossPatience, 4 * *direction.first);
  }

  // A try every 250 ms until one arrives, then a window of counted packets.
  void Advance(std::size_t index) {
    Direction& direction = directions_[index];
    if (Over(direction)) return;
    const TimePoint now = context_.clock.Now();
    if (!direction.first) {
      if (now < direction.next_try) return;
      direction.next_try = now + kResendInterval;
      if (Send(index, false)) ++direction.tries;
      return;
    }
    if (now >= direction.overdue) {
      direction.written_off = direction.sent - direction.received;
      direction.overdue = now + Patience(direction);
    }
    while (direction.sent < kCountedPackets &&
           direction.sent - direction.received - direction.written_off < kPacketWindow) {
      if (!Send(index, true)) return;
      ++direction.sent;
    }
  }

  bool Send(std::size_t index, bool counted) {
    const Direction& direction = directions_[index];
    const TimePoint now = context_.clock.Now();
    const Bytes& packet = ledger_.Make(index, counted, now);
    const auto sent = members_[direction.from].client->Send(members_[direction.to].client->key(),
                                                            packet, deadline_);
    if (!sent) Close(direction.from, sent.error());
    return sent.has_value() && *sent == ClientSession::SendResult::kAppended;
  }

  TimePoint NextDue() const {
    TimePoint due = deadline_;
    for (const Direction& direction : directions_) {
      if (Over(direction)) continue;
      due = std::min(due, direction.first ? direction.overdue : direction.next_try);
    }
    return due;
  }

  void WaitForAny() {
    std::vector<pollfd> fds;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (closed_[i]) continue;
      net::ByteStream& stream = members_[i].client->stream();
      if (stream.buffered()) return;
      fds.push_back({stream.fd(), POLLIN, 0});
    }
    const Duration left = Remaining(context_.clock.Now(), NextDue());
    const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    poll(fds.data(), fds.size(), static_cast<int>(timeout));
  }

  void ReceiveAll(std::size_t member) {
    for (int left = kMessagesAtOnce; left > 0 && !closed_[member]; --left) {
      BlockingClient& client = *members_[member].client;
      const auto message = client.Receive(context_.clock.Now());
      if (!message) {
        const bool timeout = message.error().fault == ClientFault::kTransport &&
                             message.error().error.code == ErrorCode::kTimeout;
        if (!timeout) Close(member, message.error());
        return;
      }
      if (const auto* ping = std::get_if<Ping>(&*message)) {
        const auto pong = client.SendPong(ping->data, deadline_);
        if (!pong) Close(member, pong.error());
      }
      if (const auto* packet = std::get_if<wire::RecvPacket>(&*message)) {
        Take(member, *packet);
      }
    }
  }

  void Take(std::size_t member, const wire::RecvPacket& packet) {
    const PacketLedger::Result result = ledger_.Receive(packet.packet);
    if (result.arrival != PacketLedger::Arrival::kOurs) return;
    Direction& direction = directions_[result.sent->direction];
    if (direction.to != member || packet.source != members_[direction.from].client->key()) return;
    const TimePoint now = context_.clock.Now();
    const Duration took = now - result.sent->at;
    if (!direction.first) {
      direction.first = took;
      direction.first_at = now;
    }
    direction.overdue = now + Patience(direction);
    if (!result.sent->counted) return;
    ++direction.received;
    direction.rtts.push_back(took);
  }

  void Close(std::size_t member, const ClientFailure& failure) {
    closed_[member] = HearEnd(*members_[member].client, failure, context_.clock);
    closed_after_ = context_.clock.Now() - start_;
  }

  std::vector<MeshMember>& members_;
  const WalkContext& context_;
  PacketLedger ledger_;
  TimePoint start_;
  TimePoint deadline_;
  std::vector<Direction> directions_;
  std::vector<std::optional<ConnectionEnd>> closed_;
  Duration closed_after_{};
};

}  // namespace

MeshReport CheckMesh(std::string_view region, std::int64_t region_id,
                     std::vector<MeshMember>& members, const WalkContext& context) {
  MeshReport report;
  report.region = region;
  report.region_id = region_id;
  MeshRun run(members, context);
  run.Run();
  run.Report(report);
  return report;
}

}  // namespace derp::diagnosis
