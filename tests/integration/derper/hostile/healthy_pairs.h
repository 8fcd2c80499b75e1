// Clients that keep exchanging packets while others misbehave: each packet says when it was due, so
// a relay that stops for a while shows in the latencies of all that was due meanwhile. Every
// packet's content is verified, and its place in the sequence.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "tests/integration/derper/hostile/strangers.h"

namespace derp::test {

struct Latency {
  std::size_t delivered = 0;
  std::size_t lost = 0;  // or out of order
  std::size_t damaged = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
  // How late the pairs' own thread was woken, 99th percentile: what the machine does to everybody.
  double wake_p99_ms = 0;
};

// A thread of its own from the constructor to Finish() or the end.
class HealthyPairs {
 public:
  HealthyPairs(const ServerProcess& server, std::size_t pairs);
  ~HealthyPairs();
  HealthyPairs(const HealthyPairs&) = delete;
  HealthyPairs& operator=(const HealthyPairs&) = delete;

  // What was delivered since the start or the last Cut().
  Latency Cut();
  // Sends no more, waits for what is under way; what is not there by then is lost.
  Latency Finish();

 private:
  struct Sequence {
    std::uint64_t next_to_send = 0;
    std::uint64_t next_expected = 0;
  };

  void Run();
  void SendAll(TimePoint due);
  void ReceiveUntil(TimePoint deadline);
  void ReceiveFrom(std::size_t index);
  void Note(std::size_t index, const wire::RecvPacket& packet);
  void NoteWake(TimePoint due);
  bool all_arrived() const;

  const SystemClock clock_;
  std::vector<std::unique_ptr<Client>> clients_;  // i talks to i ^ 1
  std::vector<Sequence> sequences_;
  std::vector<bool> broken_;
  Mutex mutex_;
  std::vector<double> latencies_ms_ DERP_GUARDED_BY(mutex_);
  std::vector<double> wakes_ms_ DERP_GUARDED_BY(mutex_);
  std::size_t lost_ DERP_GUARDED_BY(mutex_) = 0;
  std::size_t damaged_ DERP_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> finish_{false};
  std::thread thread_;
};

}  // namespace derp::test
