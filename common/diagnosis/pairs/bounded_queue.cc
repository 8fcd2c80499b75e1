#include "common/diagnosis/pairs/bounded_queue.h"

#include <utility>

#include "common/base/defaults.h"

namespace derp::diagnosis {

QueueReport DescribeQueue(const PairTask& task) {
  QueueReport report;
  report.region = task.region;
  report.region_id = task.region_id;
  report.from = task.from.name;
  report.to = task.to.name;
  return report;
}

BoundedQueue::BoundedQueue(LinkHost& host, const PairTask& task, const QueueAsked& asked,
                           Duration duration, QueueDone done)
    : host_(host),
      duration_(duration),
      done_(std::move(done)),
      report_(DescribeQueue(task)),
      probe_(host, task, asked, stats_,
             {.ready =
                  [this] {
                    if (std::exchange(ready_, true)) return;
                    report_.error.clear();  // the tries before do not count
                    end_timer_.Start(duration_);
                  },
              .ended = [this](const Error& error, Duration) { Ended(error); }}),
      end_timer_(host.loop, [this] { probe_.Drain([this] { Finish(); }); }) {}

void BoundedQueue::Start() {
  started_ = host_.context.clock.Now();
  end_timer_.Start(duration_ + kConnectTimeout);  // when no login ever succeeds
  probe_.Start();
}

// Tries go on for as long as the packets would have. A stream that broke is not steady, whatever
// comes after: its first break is told.
void BoundedQueue::Ended(const Error& error) {
  if (!std::exchange(broke_, ready_)) report_.error = error.context;
  if (!ready_ && host_.context.clock.Now() - started_ >= duration_) {
    end_timer_.Start(Duration::zero());
  }
}

void BoundedQueue::Finish() {
  stats_.Describe(report_);
  report_.took = host_.context.clock.Now() - started_;
  if (!ready_ && report_.error.empty()) report_.error = "timeout: no login in time";
  done_(std::move(report_));
}

}  // namespace derp::diagnosis
