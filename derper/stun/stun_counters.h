// What the STUN server counts: plain numbers of one thread, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "common/base/socket_address.h"
#include "common/metrics/registry.h"
#include "common/stun/message.h"

namespace derp::relay {

// The figures at one moment, summed over the threads.
struct StunFigures {
  std::uint64_t read_error = 0;
  std::uint64_t not_stun = 0;  // everything refused as no request of ours, STUN or not
  std::uint64_t write_error = 0;
  std::uint64_t success = 0;
  std::uint64_t ipv4 = 0;  // replies by the client's family: their sum is success + write_error
  std::uint64_t ipv6 = 0;
  std::array<std::uint64_t, stun::kMessageErrorCount> rejected{};  // by MessageError
  std::uint64_t rate_limited = 0;

  StunFigures& operator+=(const StunFigures& other);
};

// Aligned to a cache line, so that threads do not slow each other. One adds; the additions need no
// locked instruction because nobody else adds.
class alignas(64) StunCounters {
 public:
  void AddReadError() { Add(read_error_); }
  void AddRejected(stun::MessageError why);
  void AddRateLimited() { Add(rate_limited_); }
  void AddFamily(AddressFamily family) { Add(family == AddressFamily::kIpv4 ? ipv4_ : ipv6_); }
  void AddSent(std::uint64_t success, std::uint64_t write_error);

  StunFigures Read() const;  // any thread

 private:
  using Counter = std::atomic<std::uint64_t>;
  static void Add(Counter& counter, std::uint64_t count = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }

  Counter read_error_ = 0;
  Counter not_stun_ = 0;
  Counter write_error_ = 0;
  Counter success_ = 0;
  Counter ipv4_ = 0;
  Counter ipv6_ = 0;
  std::array<Counter, stun::kMessageErrorCount> rejected_{};
  Counter rate_limited_ = 0;
};

// stun_requests{disposition}, stun_addrfamily{family}, stun_rejected{reason}; every label from the
// start (stun.md 4.2).
void AppendStunFamilies(const StunFigures& figures, std::vector<metrics::Family>& out);

}  // namespace derp::relay
