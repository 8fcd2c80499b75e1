#include "derpprobe/alerts/alert_queue.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace derp::probe {

AlertQueue::AlertQueue(std::unique_ptr<AlertSink> sink, AlertQueueOptions options,
                       const Clock& clock, const Logger& logger)
    : sink_(std::move(sink)),
      name_(sink_->name()),
      options_(std::move(options)),
      clock_(clock),
      log_(logger, clock, 10, std::chrono::minutes(1)),
      thread_([this] { Run(); }) {}

AlertQueue::~AlertQueue() { Stop(); }

void AlertQueue::Push(std::string json) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= options_.most_waiting) {
      waiting_.pop_front();
      ++counts_.dropped;
    }
    waiting_.push_back(std::move(json));
  }
  wake_.NotifyAll();
}

void AlertQueue::Stop() {
  StopSoon();
  if (thread_.joinable()) thread_.join();
}

void AlertQueue::StopSoon() {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) stop_at_ = clock_.Now() + options_.at_stop;
    stopping_ = true;
  }
  wake_.NotifyAll();
}

AlertCounts AlertQueue::counts() {
  const MutexLock lock(mutex_);
  return counts_;
}

void AlertQueue::Run() {
  for (;;) {
    std::string json;
    {
      const MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) wake_.Wait(mutex_);
      if (stopping_ && clock_.Now() >= stop_at_) {
        counts_.dropped += waiting_.size();
        waiting_.clear();
      }
      if (waiting_.empty()) return;
      json = std::move(waiting_.front());
      waiting_.pop_front();
    }
    for (std::size_t tries = 1; !Try(json, tries); ++tries) Pause(options_.pauses[tries - 1]);
  }
}

TimePoint AlertQueue::TryUntil() {
  const TimePoint until = clock_.Now() + options_.one_try;
  const MutexLock lock(mutex_);
  return stopping_ ? std::min(until, stop_at_) : until;
}

bool AlertQueue::Try(const std::string& json, std::size_t tries) {
  const auto done = sink_->Deliver(json, TryUntil());
  const MutexLock lock(mutex_);
  if (done) {
    ++counts_.sent;
    return true;
  }
  const AlertFailure& failure = done.error();
  const bool again = failure.worth_retrying && !stopping_ && tries <= options_.pauses.size();
  if (!again) ++counts_.failed;
  log_.Write(LogLevel::kWarn, fmt::format("alert {}: {}{}", name_, failure.error.context,
                                          again ? "; tried again later" : "; given up"));
  return !again;
}

void AlertQueue::Pause(Duration pause) {
  const TimePoint until = clock_.Now() + pause;
  const MutexLock lock(mutex_);
  while (!stopping_ && wake_.WaitUntil(mutex_, until)) {
  }
}

}  // namespace derp::probe
