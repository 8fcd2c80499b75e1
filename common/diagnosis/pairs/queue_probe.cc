#include "common/diagnosis/pairs/queue_probe.h"

#include <algorithm>
#include <utility>

#include "common/base/defaults.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kPacketSize = 260;  // of a real CallMeMaybe
constexpr auto kShortestTick = std::chrono::milliseconds(1);
constexpr auto kConnectLimit = 2 * kConnectTimeout;  // sender, then receiver

void Call(const std::function<void()>& event) {
  if (event) event();
}

}  // namespace

QueueProbe::QueueProbe(LinkHost& host, PairTask task, const QueueAsked& asked, QueueStats& stats,
                       Events events)
    : host_(host),
      task_(std::move(task)),
      asked_(asked),
      stats_(stats),
      events_(std::move(events)),
      backoff_(host.context.random),
      retry_timer_(host.loop, [this] { Connect(); }),
      close_timer_(host.loop, [this] { links_.reset(); }),
      tick_timer_(host.loop, [this] { Tick(); }),
      packet_(kPacketSize) {
  host.context.random.Fill(packet_);
}

QueueProbe::~QueueProbe() = default;

void QueueProbe::Start() { Connect(); }

void QueueProbe::Connect() {
  Call(events_.starting);
  run_start_ = host_.context.clock.Now();
  close_timer_.Stop();
  links_ = std::make_unique<PairLinks>(
      host_, task_,
      PairLinks::Events{.ready = [this] { Ready(); },
                        .received = [this](ByteView packet) { Received(packet); },
                        .failed = [this](Error error) { Failed(std::move(error)); }});
  links_->Start(kConnectLimit);
}

void QueueProbe::Ready() {
  if (draining_) return;
  table_.emplace(asked_.per_second, asked_.packet_timeout);
  heard_ = false;
  pace_start_ = host_.context.clock.Now();
  paced_ = 0;
  const Duration interval = std::chrono::seconds(1) / std::max<std::int64_t>(asked_.per_second, 1);
  const Duration tick = std::max<Duration>(interval, kShortestTick);
  tick_timer_.Start(tick, tick);
  Call(events_.ready);
}

void QueueProbe::Tick() {
  const TimePoint now = host_.context.clock.Now();
  Drop(table_->Expire(now));
  if (!draining_) return SendDue(now);
  if (table_->outstanding() > 0) return;
  tick_timer_.Stop();
  Call(std::exchange(drained_, nullptr));
}

// What the pace owes; ticks that came late are made up for a little, and forgotten beyond that.
void QueueProbe::SendDue(TimePoint now) {
  const double rate = static_cast<double>(asked_.per_second);
  const double most = 1 + rate / 100;
  const double due = std::chrono::duration<double>(now - pace_start_).count() * rate - paced_;
  if (due > most) paced_ += due - most;
  for (double left = std::min(due, most); left >= 0.5; left -= 1) {
    paced_ += 1;
    std::uint64_t number = next_sequence_;
    for (std::size_t i = 8; i-- > 0; number >>= 8U) {
      packet_[i] = static_cast<std::uint8_t>(number & 0xffU);
    }
    if (links_->Send(packet_) != ClientSession::SendResult::kAppended) continue;
    Drop(table_->Add(next_sequence_++, now));
  }
}

void QueueProbe::Received(ByteView packet) {
  ByteReader reader(packet);
  const auto sequence = reader.U64Be();
  if (!table_ || !sequence || packet.size() != kPacketSize) return;
  const auto delay = table_->Take(*sequence, host_.context.clock.Now());
  if (!delay) return;  // late, or twice
  stats_.Delay(*delay);
  if (!std::exchange(heard_, true)) Call(events_.healthy);
}

void QueueProbe::Drop(std::size_t packets) {
  if (packets > 0) stats_.Drop(packets);
}

// The reference forgets what is under way then, and so counts least when a relay restarts.
void QueueProbe::Failed(Error error) {
  const TimePoint now = host_.context.clock.Now();
  const bool flowed = table_.has_value();
  if (flowed) Drop(table_->outstanding());
  table_.reset();
  tick_timer_.Stop();
  close_timer_.Start(Duration::zero());
  const Duration took = now - run_start_;
  if (events_.ended) events_.ended(std::move(error), took);
  if (draining_) return Call(std::exchange(drained_, nullptr));
  retry_timer_.Start(backoff_.Next(flowed ? now - pace_start_ : Duration::zero()));
}

void QueueProbe::Drain(std::function<void()> drained) {
  draining_ = true;
  retry_timer_.Stop();
  drained_ = std::move(drained);
  if (table_) return;  // the next tick looks
  close_timer_.Start(Duration::zero());
  host_.loop.Post(std::exchange(drained_, nullptr));
}

}  // namespace derp::diagnosis
