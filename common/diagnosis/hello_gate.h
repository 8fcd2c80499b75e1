// Bounds how many handshakes wait for their peer's first byte: each holds the memory of a TLS
// session. Who waits for long leaves early (tls_attempt.cc), so silence delays nobody for long. Any
// thread.
#pragma once

#include <deque>
#include <functional>

#include "common/base/mutex.h"

namespace derp::diagnosis {

class HelloGate {
 public:
  explicit HelloGate(std::size_t most) : free_(most) {}

  // Calls `begin`, which must not block: now, or when another one leaves.
  void Enter(std::function<void()> begin);
  void Leave();  // once for each that began

 private:
  Mutex mutex_;
  std::size_t free_ DERP_GUARDED_BY(mutex_);
  std::deque<std::function<void()>> waiting_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::diagnosis
