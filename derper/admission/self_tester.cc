#include "derper/admission/self_tester.h"

#include <utility>

namespace derp::admission {
namespace {

constexpr auto kLimit = std::chrono::seconds(5);

SelfTestResult TestOne(Method& method, StopSignal& stop) {
  http::Fetcher fetcher;
  const auto found =
      method.SelfTest({.fetcher = fetcher, .deadline = SystemClock().Now() + kLimit, .stop = stop});
  return {.method = method.Name(),
          .good = found.has_value(),
          .text = found ? *found : found.error().context};
}

}  // namespace

SelfTester::~SelfTester() {
  if (thread_.joinable()) thread_.join();
}

void SelfTester::Run(SelfTestDone done) {
  const MutexLock lock(mutex_);
  waiting_.push_back(std::move(done));
  if (running_) return;
  if (thread_.joinable()) thread_.join();  // has told its outcome already
  running_ = true;
  thread_ = std::thread([this] { Test(); });
}

void SelfTester::Test() {
  while (true) {
    std::vector<SelfTestDone> waiting;
    {
      const MutexLock lock(mutex_);
      if (waiting_.empty()) {
        running_ = false;
        return;
      }
      waiting = std::exchange(waiting_, {});
    }
    const std::vector<SelfTestResult> results = TestAll();
    for (const SelfTestDone& done : waiting) done(results);
  }
}

std::vector<SelfTestResult> SelfTester::TestAll() {
  std::vector<SelfTestResult> results(methods_.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = TestOne(*methods_[i], stop_); });
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}

}  // namespace derp::admission
