// The continuous measurement of a pair's queuing delay: a packet of 260 bytes every 1/n seconds,
// for ever; what breaks is connected again (derpprobe.md 4.5, 5.7). Belongs to the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/diagnosis/pairs/backoff.h"
#include "common/diagnosis/pairs/expiry_table.h"
#include "common/diagnosis/pairs/pair_links.h"
#include "common/diagnosis/pairs/queue_stats.h"
#include "common/diagnosis/pairs/transfer_run.h"

namespace derp::diagnosis {

class QueueProbe final : public PairRun {
 public:
  // None of them may destroy the probe: post that.
  struct Events {
    std::function<void()> starting{};                   // a run begins to connect
    std::function<void()> ready{};                      // its packets begin to flow
    std::function<void()> healthy{};                    // the first of them arrived
    std::function<void(Error, Duration took)> ended{};  // the next run will follow
  };

  // `stats` outlives the probe.
  QueueProbe(LinkHost& host, PairTask task, const QueueAsked& asked, QueueStats& stats,
             Events events);
  ~QueueProbe() override;

  void Start();
  // Sends no more and tells, in a turn of its own, when nothing is under way any longer: at the
  // latest after the packets' time-out.
  void Drain(std::function<void()> drained);

 private:
  void Connect();
  void Ready();
  void Tick();
  void SendDue(TimePoint now);
  void Received(ByteView packet);
  void Failed(Error error);
  void Drop(std::size_t packets);

  LinkHost& host_;
  const PairTask task_;
  const QueueAsked asked_;
  QueueStats& stats_;
  Events events_;
  Backoff backoff_;
  std::unique_ptr<PairLinks> links_;
  net::Timer retry_timer_;
  net::Timer close_timer_;  // what broke is destroyed in a turn of its own
  net::Timer tick_timer_;
  std::optional<ExpiryTable> table_;  // while packets flow
  Bytes packet_;
  std::uint64_t next_sequence_ = 0;
  TimePoint run_start_;
  TimePoint pace_start_;  // since when `paced_` packets were due
  double paced_ = 0;
  bool heard_ = false;
  bool draining_ = false;
  std::function<void()> drained_;
};

}  // namespace derp::diagnosis
