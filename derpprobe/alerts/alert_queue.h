// One sink's events on their way: in order, one at a time, in a thread of its own, so that a slow
// or dead receiver delays nobody. Bounded: the oldest waiting event goes when there are too many.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "derpprobe/alerts/alert_sink.h"

namespace derp::probe {

struct AlertQueueOptions {
  std::size_t most_waiting = 256;
  Duration one_try = std::chrono::seconds(10);
  // Before each further try; when they are used up the event is given up.
  std::vector<Duration> pauses = {std::chrono::seconds(1), std::chrono::seconds(4),
                                  std::chrono::seconds(16), std::chrono::seconds(64)};
  Duration at_stop = std::chrono::seconds(5);  // for what waits when the service ends
};

struct AlertCounts {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;   // given up after the last try
  std::uint64_t dropped = 0;  // for lack of room or time
};

class AlertQueue {
 public:
  // `clock` is this machine's; it and `logger` outlive the queue.
  AlertQueue(std::unique_ptr<AlertSink> sink, AlertQueueOptions options, const Clock& clock,
             const Logger& logger);
  ~AlertQueue();  // Stop()

  void Push(std::string json);  // any thread; never blocks on the sink

  // Tries once each what waits, as far as the time for it goes. A try under way has its own time.
  void Stop();
  void StopSoon();  // the same without waiting for it

  AlertCounts counts();
  std::string_view name() const { return name_; }

 private:
  void Run();
  // True once it is over, delivered or not.
  bool Try(const std::string& json, std::size_t tries);
  void Pause(Duration pause);
  TimePoint TryUntil();

  const std::unique_ptr<AlertSink> sink_;  // the thread's
  const std::string name_;
  const AlertQueueOptions options_;
  const Clock& clock_;
  RateLimitedLog log_;

  Mutex mutex_;
  CondVar wake_;
  std::deque<std::string> waiting_ DERP_GUARDED_BY(mutex_);
  AlertCounts counts_ DERP_GUARDED_BY(mutex_);
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  TimePoint stop_at_ DERP_GUARDED_BY(mutex_){};
  std::thread thread_;  // last
};

}  // namespace derp::probe
