#include "common/diagnosis/stage_relay.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/connection_end.h"
#include "common/diagnosis/packet_ledger.h"
#include "common/diagnosis/stage_stun.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr auto kSlowMargin = std::chrono::milliseconds(50);

class RelayRun {
 public:
  RelayRun(BlockingClient& sender, BlockingClient& receiver, const WalkContext& context,
           TimePoint deadline)
      : sender_(sender),
        receiver_(receiver),
        context_(context),
        deadline_(deadline),
        start_(context.clock.Now()),
        ledger_(context.random) {}

  RelayStage Run(std::optional<Duration> tcp_rtt) {
    UntilFirst();
    if (stage_.first && !stage_.finding) Burst();
    stage_.duration = context_.clock.Now() - start_;
    stage_.rtt = Median(rtts_);
    stage_.sent = stage_.first ? counted_sent_ : tries_;
    stage_.received = counted_;
    if (!stage_.finding) Judge(tcp_rtt);
    return std::move(stage_);
  }

 private:
  // One try every 250 ms until one arrives.
  void UntilFirst() {
    while (!stage_.first && !stage_.finding) {
      const TimePoint now = context_.clock.Now();
      if (now >= deadline_) return;
      if (!Send(false, 1)) return;
      const TimePoint again = std::min(deadline_, now + kResendInterval);
      while (!stage_.first && !stage_.finding && context_.clock.Now() < again) {
        if (!ReceiveOne(again)) break;
      }
    }
  }

  // A group of packets under way, the next when it has come; those overdue are written off, though
  // they still count when they come.
  void Burst() {
    const Duration patience = std::max<Duration>(kLossPatience, 4 * *stage_.first);
    int written_off = 0;
    TimePoint overdue = context_.clock.Now() + patience;
    while (counted_ < kCountedPackets && !stage_.finding) {
      const int under_way = counted_sent_ - counted_ - written_off;
      const int left = kCountedPackets - counted_sent_;
      if (under_way <= 0 && left > 0 && !Send(true, std::min(left, kPacketGroup))) return;
      if (ReceiveOne(std::min(deadline_, overdue))) {
        overdue = context_.clock.Now() + patience;
      } else if (counted_sent_ == kCountedPackets || context_.clock.Now() >= deadline_) {
        return;
      } else {
        written_off = counted_sent_ - counted_;
        overdue = context_.clock.Now() + patience;
      }
    }
  }

  bool Send(bool counted, int count) {
    const TimePoint now = context_.clock.Now();
    for (int i = 0; i < count; ++i) {
      sender_.Append(receiver_.key(), ledger_.Make(0, counted, now));
    }
    if (const auto sent = sender_.Flush(deadline_); !sent) {
      Closed(sender_, sent.error());
      return false;
    }
    (counted ? counted_sent_ : tries_) += count;
    return true;
  }

  // False on time-out.
  bool ReceiveOne(TimePoint until) {
    const auto message = receiver_.Receive(until);
    if (!message) {
      const bool timeout = message.error().fault == ClientFault::kTransport &&
                           message.error().error.code == ErrorCode::kTimeout;
      if (!timeout) Closed(receiver_, message.error());
      return false;
    }
    if (const auto* ping = std::get_if<Ping>(&*message)) {
      if (const auto pong = receiver_.SendPong(ping->data, deadline_); !pong) {
        Closed(receiver_, pong.error());
      }
    }
    const auto* packet = std::get_if<wire::RecvPacket>(&*message);
    if (packet != nullptr && packet->source == sender_.key()) Take(packet->packet);
    return true;
  }

  void Take(ByteView bytes) {
    const PacketLedger::Result result = ledger_.Receive(bytes);
    if (result.arrival == PacketLedger::Arrival::kCorrupt) {
      stage_.finding =
          MakeFinding("relay.corrupt", "changes packets",
                      fmt::format("a packet of 64 bytes arrived as {} others", bytes.size()),
                      "replace the relay; look at its memory");
    }
    if (result.arrival != PacketLedger::Arrival::kOurs) return;
    const Duration took = context_.clock.Now() - result.sent->at;
    if (!stage_.first) stage_.first = took;
    if (!result.sent->counted) return;
    ++counted_;
    rtts_.push_back(took);
  }

  void Closed(BlockingClient& client, const ClientFailure& failure) {
    const Duration after = context_.clock.Now() - start_;
    stage_.finding = ClosedFinding(HearEnd(client, failure, context_.clock), after);
  }

  void Judge(std::optional<Duration> tcp_rtt) {
    if (!stage_.first) {
      stage_.finding =
          MakeFinding("relay.lost", "takes packets and does not deliver them",
                      fmt::format("0 of {} packets in {}", tries_, ShortDuration(stage_.duration)),
                      "look at the relay's drop counters (/debug/varz)");
      return;
    }
    if (counted_ < counted_sent_) {
      stage_.finding =
          MakeFinding("relay.loss", "loses packets",
                      fmt::format("{} of {} packets lost", counted_sent_ - counted_, counted_sent_),
                      "look at the relay's load and limits");
      return;
    }
    JudgeSpeed(tcp_rtt);
  }

  // By the quickest packet: the others may have waited for this machine, not for the relay.
  void JudgeSpeed(std::optional<Duration> tcp_rtt) {
    if (!tcp_rtt || rtts_.empty()) return;
    const Duration best = *std::min_element(rtts_.begin(), rtts_.end());
    if (best <= 3 * *tcp_rtt || best <= *tcp_rtt + kSlowMargin) return;
    stage_.finding = MakeFinding("relay.slow", "packets wait in the relay",
                                 fmt::format("at best {} through the relay, {} by TCP",
                                             Milliseconds(best), Milliseconds(*tcp_rtt)),
                                 "look at the relay's load");
  }

  BlockingClient& sender_;
  BlockingClient& receiver_;
  const WalkContext& context_;
  TimePoint deadline_;
  TimePoint start_;
  PacketLedger ledger_;
  RelayStage stage_;
  std::vector<Duration> rtts_;
  int tries_ = 0;
  int counted_sent_ = 0;
  int counted_ = 0;
};

}  // namespace

RelayStage RunRelay(BlockingClient& sender, BlockingClient& receiver,
                    std::optional<Duration> tcp_rtt, const WalkContext& context,
                    TimePoint deadline) {
  return RelayRun(sender, receiver, context, deadline).Run(tcp_rtt);
}

}  // namespace derp::diagnosis
