// Asks every method about itself, all at once, for the start and for /debug/check.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "derper/admission/method.h"

namespace derp::admission {

struct SelfTestResult {
  std::string method;  // "tailscaled at /run/tailscale/tailscaled.sock"
  bool good = false;
  std::string text;  // what was found, or what is wrong
};

using SelfTestDone = std::function<void(const std::vector<SelfTestResult>&)>;

// Any thread.
class SelfTester {
 public:
  // `stop` ends a test that runs.
  SelfTester(std::vector<Method*> methods, StopSignal& stop)
      : methods_(std::move(methods)), stop_(stop) {}
  ~SelfTester();  // waits for the test that runs

  // Calls `done` in another thread after 5 s, more or less, at most; one test at a time, so a call
  // during one waits for the next, together with all others.
  void Run(SelfTestDone done);

 private:
  void Test();
  std::vector<SelfTestResult> TestAll();

  const std::vector<Method*> methods_;
  StopSignal& stop_;
  Mutex mutex_;
  std::vector<SelfTestDone> waiting_ DERP_GUARDED_BY(mutex_);
  bool running_ DERP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derp::admission
