// One socket and the thread that answers on it. Nothing is logged for each packet; errors are
// logged at a bounded rate.
#pragma once

#include <atomic>
#include <thread>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/net/fd.h"
#include "common/stun/server_answer.h"
#include "derper/stun/datagram_batch.h"
#include "derper/stun/source_limiter.h"
#include "derper/stun/stun_counters.h"

namespace derp::relay {

// What the workers of one server share; outlives them.
struct StunShared {
  stun::ServerMode mode = stun::ServerMode::kStrict;
  SourceLimiter* limiter = nullptr;  // generic mode only
  const Clock& clock;
  RateLimitedLog& log;
};

class StunWorker {
 public:
  // Starts the thread. `socket` blocks.
  StunWorker(net::Fd socket, const StunShared& shared, StunCounters& counters);
  ~StunWorker();  // stops as well
  StunWorker(const StunWorker&) = delete;
  StunWorker& operator=(const StunWorker&) = delete;

  void Stop();  // joins; the socket is closed

 private:
  void Run();
  void AnswerBatch(std::size_t count);
  void AnswerOne(std::size_t slot);
  bool MaySend(const stun::Answer& answer, const IpAddress& source);

  net::Fd socket_;
  const StunShared& shared_;
  StunCounters& counters_;
  DatagramBatch batch_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace derp::relay
