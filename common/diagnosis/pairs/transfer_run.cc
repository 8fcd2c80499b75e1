#include "common/diagnosis/pairs/transfer_run.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/wire/frame.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kMostOutstanding = 30;  // a relay queues 32 per client
constexpr auto kPace = std::chrono::milliseconds(5);

// A relay may ask its clients for packets no larger than its bucket.
std::size_t PacketSizeFor(const wire::ServerInfo& info) {
  constexpr std::size_t kOverhead = wire::kFrameHeaderSize + kKeySize;
  if (info.token_bucket_bytes_per_second <= 0) return kMaxPacketSize;
  const auto burst =
      static_cast<std::size_t>(std::max<std::int64_t>(info.token_bucket_bytes_burst, 0));
  if (burst <= kOverhead) return 0;
  return std::min(kMaxPacketSize, burst - kOverhead);
}

}  // namespace

TransferReport DescribeTransfer(const PairTask& task, const TransferAsked& asked) {
  TransferReport report;
  report.region = task.region;
  report.region_id = task.region_id;
  report.from = task.from.name;
  report.to = task.to.name;
  report.over_tun = asked.tun.has_value();
  report.size = asked.size;
  return report;
}

std::string LimitNote(const wire::ServerInfo& info) {
  if (info.token_bucket_bytes_per_second <= 0) return {};
  return fmt::format("; the relay asks its clients to send at most {} bytes per second",
                     info.token_bucket_bytes_per_second);
}

TransferRun::TransferRun(LinkHost& host, PayloadSource& payloads, const PairTask& task,
                         const TransferAsked& asked, TransferDone done)
    : host_(host),
      payloads_(payloads),
      asked_(asked),
      done_(std::move(done)),
      report_(DescribeTransfer(task, asked)),
      links_(host, task,
             {.ready = [this] { Begin(); },
              .received = [this](ByteView packet) { Received(packet); },
              .failed = [this](Error error) { Finish(std::move(error)); }}),
      deadline_timer_(
          host.loop,
          [this] {
            Finish(links_.Named({.code = ErrorCode::kTimeout, .context = TimeoutText()}));
          }),
      pace_timer_(host.loop, [this] { SendMore(); }) {}

void TransferRun::Start() {
  started_ = host_.context.clock.Now();
  deadline_timer_.Start(asked_.timeout);
  links_.Start(asked_.timeout);
}

void TransferRun::Begin() {
  const std::size_t packet_size = PacketSizeFor(links_.sender_info());
  if (packet_size == 0) {
    return Finish(Error{.code = ErrorCode::kTooLarge,
                        .context = "the relay asks for a limit that no packet fits into"});
  }
  payload_ = payloads_.Make(asked_.size, packet_size);
  began_ = host_.context.clock.Now();
  SendMore();
}

void TransferRun::SendMore() {
  if (finished_) return;
  while (sent_ < payload_->count() && sent_ - received_ < kMostOutstanding) {
    payload_->Fill(sent_, packet_);
    if (links_.Send(packet_) == ClientSession::SendResult::kRateLimited) {
      pace_timer_.Start(kPace);
      return;
    }
    ++sent_;
  }
}

void TransferRun::Received(ByteView packet) {
  if (finished_) return;
  if (!payload_->Matches(received_, packet)) {
    return Finish(
        links_.Named({.code = ErrorCode::kProtocol,
                      .context = fmt::format(
                          "error receiving from \"{}\": unexpected data packet {} (out of {})",
                          report_.to, received_, payload_->count())}));
  }
  ++received_;
  report_.received += static_cast<std::int64_t>(packet.size());
  if (received_ == payload_->count()) return Finish(std::nullopt);
  SendMore();
}

std::string TransferRun::TimeoutText() const {
  if (!began_) return "timeout: context deadline exceeded while connecting";
  return fmt::format("timeout: context deadline exceeded after {} of {} packets{}", received_,
                     payload_->count(), LimitNote(links_.sender_info()));
}

void TransferRun::Finish(std::optional<Error> error) {
  if (std::exchange(finished_, true)) return;
  deadline_timer_.Stop();
  pace_timer_.Stop();
  const TimePoint now = host_.context.clock.Now();
  report_.took = now - started_;
  if (began_) report_.transfer = now - *began_;
  if (error) {
    report_.error = error->context;
  } else {
    const double seconds = std::max(std::chrono::duration<double>(report_.transfer).count(), 1e-9);
    report_.bits_per_second = static_cast<double>(report_.received) * 8 / seconds;
  }
  done_(std::move(report_));
}

}  // namespace derp::diagnosis
