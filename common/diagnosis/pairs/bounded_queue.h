// The queuing delay of a pair over a bounded time, for -once. Belongs to the loop's thread.
#pragma once

#include <functional>

#include "common/diagnosis/pairs/queue_probe.h"

namespace derp::diagnosis {

using QueueDone = std::function<void(QueueReport)>;

// A report of the pair with nothing measured yet.
QueueReport DescribeQueue(const PairTask& task);

class BoundedQueue final : public PairRun {
 public:
  // `duration` counts from the first login; `done` is called once: destroy the run later.
  BoundedQueue(LinkHost& host, const PairTask& task, const QueueAsked& asked, Duration duration,
               QueueDone done);

  void Start();

 private:
  void Ended(const Error& error);
  void Finish();

  LinkHost& host_;
  const Duration duration_;
  QueueDone done_;
  QueueReport report_;
  QueueStats stats_;
  TimePoint started_;
  bool ready_ = false;
  bool broke_ = false;  // after it was ready
  QueueProbe probe_;
  net::Timer end_timer_;
};

}  // namespace derp::diagnosis
