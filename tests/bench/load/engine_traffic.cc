#include <utility>

#include "tests/bench/load/engine.h"

namespace derp::load {
namespace {

// A source that the server does not take from keeps no more than this.
constexpr std::size_t kMostQueued = 1024 * 1024;
// A flow of the closed loop that stood still so long lost all that is outstanding.
constexpr auto kLostAfter = std::chrono::milliseconds(500);
constexpr auto kReviveEvery = std::chrono::milliseconds(50);
constexpr auto kSlowReadEvery = std::chrono::milliseconds(10);
constexpr auto kLongestWait = std::chrono::milliseconds(10);

}  // namespace

void Engine::Traffic() {
  TimePoint now = SystemClock().Now();
  while (now < plan_.start) {
    clients_.Turn(plan_.start - now);
    now = SystemClock().Now();
  }
  if (share_ > 0) schedule_.emplace(share_, plan_.start);
  if (!slow_flows_.empty()) {
    if (share_ == 0 && options_.slow_packets > 0) {
      slow_schedule_.emplace(options_.slow_packets * static_cast<double>(slow_flows_.size()),
                             plan_.start);
    }
    for (const std::uint32_t flow : slow_flows_) {
      clients_[flows_[flow].plan.destination].StopReading();
    }
  }
  if (!schedule_) {
    for (const std::uint32_t flow : paced_flows_) Queue(flows_[flow]);
  }
  TimePoint next_revival = now + kReviveEvery;
  next_slow_read_ = now + kSlowReadEvery;
  while (now < plan_.stop) {
    if (schedule_) {
      // Also when arrivals wake it earlier: what is due within a tick leaves together.
      if (now >= next_tick_) SendDue(now);
    } else {
      FillReadyFlows();
    }
    if (slow_schedule_) SendToSlow(now);
    tools_.FlushAll();
    clients_.Turn(WaitFor(SystemClock().Now()));
    now = SystemClock().Now();
    if (!schedule_ && now >= next_revival) {
      ReviveFlows(now);
      next_revival = now + kReviveEvery;
    }
    if (!slow_flows_.empty() && now >= next_slow_read_) ReadSlowly(now);
  }
  tools_.FlushAll();
}

Duration Engine::WaitFor(TimePoint now) const {
  TimePoint next = std::min(now + kLongestWait, plan_.stop);
  if (schedule_) next = std::min(next, std::max(schedule_->Next(), next_tick_));
  if (slow_schedule_) next = std::min(next, slow_schedule_->Next());
  return next - now;
}

void Engine::Count(Flow& flow, const PayloadHead& head, TimePoint now) {
  const auto verdict = flow.check.Take(head.sequence);
  if (verdict == SequenceCheck::Verdict::kDuplicate) {
    ++figures_.duplicated;
    return;
  }
  if (verdict == SequenceCheck::Verdict::kLate) ++figures_.reordered;
  if (flow.plan.slow) return;
  if (InMeasurement(now)) {
    ++figures_.delivered;
    ++flow.delivered;
    figures_.delivered_bytes += head.size;
  }
  const TimePoint sent{Duration(head.time)};
  if (InMeasurement(sent)) {
    ++figures_.measured_received;
    figures_.latency.Record(
        static_cast<std::uint64_t>(std::max(now - sent, Duration::zero()).count()));
  }
  if (schedule_) return;
  flow.last_change = now;
  Queue(flow);
}

void Engine::Queue(Flow& flow) {
  if (std::exchange(flow.queued, true)) return;
  ready_flows_.push_back(static_cast<std::uint32_t>(&flow - flows_.data()));
}

void Engine::SendDue(TimePoint now) {
  bool sent = false;
  for (;;) {
    const std::uint64_t count = schedule_->taken();
    const auto due = schedule_->Take(now);
    if (!due) break;
    sent = true;
    const std::uint32_t number = paced_flows_[count % paced_flows_.size()];
    if (InMeasurement(*due)) {
      figures_.lateness.Record(static_cast<std::uint64_t>((now - *due).count()));
    }
    if (!SendOne(flows_[number], number, *due, now) && !flows_[number].plan.slow) {
      ++figures_.not_sent;
    }
  }
  if (sent) next_tick_ = now + options_.tick;
}

void Engine::SendToSlow(TimePoint now) {
  for (;;) {
    const std::uint64_t count = slow_schedule_->taken();
    const auto due = slow_schedule_->Take(now);
    if (!due) return;
    const std::uint32_t number = slow_flows_[count % slow_flows_.size()];
    SendOne(flows_[number], number, *due, now);
  }
}

void Engine::FillReadyFlows() {
  // Sending queues no flow: only arrivals and revivals do.
  for (const std::uint32_t number : ready_flows_) {
    Flow& flow = flows_[number];
    flow.queued = false;
    if (flow.outstanding() >= options_.window) continue;
    const TimePoint now = SystemClock().Now();
    flow.last_change = now;
    while (flow.outstanding() < options_.window && SendOne(flow, number, now, now)) {
    }
  }
  ready_flows_.clear();
}

void Engine::ReviveFlows(TimePoint now) {
  for (const std::uint32_t number : paced_flows_) {
    Flow& flow = flows_[number];
    if (flow.outstanding() >= options_.window) {
      if (now - flow.last_change < kLostAfter) continue;
      flow.forgiven = flow.next;
      ++figures_.window_resets;
    }
    Queue(flow);
  }
}

void Engine::ReadSlowly(TimePoint now) {
  next_slow_read_ = now + kSlowReadEvery;
  if (options_.slow_rate <= 0) return;
  slow_budget_ += options_.slow_rate * std::chrono::duration<double>(kSlowReadEvery).count();
  const auto most = static_cast<std::size_t>(slow_budget_);
  if (most == 0) return;
  slow_budget_ -= static_cast<double>(most);
  for (const std::uint32_t flow : slow_flows_) {
    clients_[flows_[flow].plan.destination].ReadSome(most);
  }
}

// False when it could not be given to the connection.
bool Engine::SendOne(Flow& flow, std::uint32_t number, TimePoint time, TimePoint now) {
  Connection& from = clients_[flow.plan.source];
  if (!from.ready() || from.queued() > kMostQueued) return false;
  const std::size_t size = options_.sizes[flow.next % options_.sizes.size()];
  const ByteSpan packet = ByteSpan(packet_).first(size);
  FillPayload(packet, flow.key,
              {.sequence = flow.next,
               .time = time.time_since_epoch().count(),
               .flow = number,
               .size = static_cast<std::uint32_t>(size)});
  const auto result = from.Send(clients_[flow.plan.destination].key(), packet, now);
  if (result != ClientSession::SendResult::kAppended) {
    ++figures_.rate_limited;
    return false;
  }
  ++flow.next;
  if (!flow.plan.slow && InMeasurement(time)) ++figures_.measured_sent;
  return true;
}

}  // namespace derp::load
