#include "derper/admission/self_tester.h"

#include <future>

#include <catch2/catch.hpp>

#include "tests/unit/derper/admission/scripted_method.h"

using namespace derp;
using namespace derp::admission;

namespace {

const Verdict kGood{.outcome = Outcome::kAdmit, .reason = Reason::kAllowed};
const Verdict kBad{.outcome = Outcome::kRefuse, .reason = Reason::kDenied, .text = "out of order"};

std::future<std::vector<SelfTestResult>> Run(SelfTester& tester) {
  auto promise = std::make_shared<std::promise<std::vector<SelfTestResult>>>();
  auto future = promise->get_future();
  tester.Run(
      [promise](const std::vector<SelfTestResult>& results) { promise->set_value(results); });
  return future;
}

}  // namespace

TEST_CASE("a self-test tells about each method", "[admission]") {
  test::ScriptedMethod good([](const Question&, const AskContext&) { return kGood; });
  test::ScriptedMethod bad([](const Question&, const AskContext&) { return kBad; });
  StopSignal stop;
  SelfTester tester({&good, &bad}, stop);
  for (int i = 0; i < 3; ++i) {
    const auto results = Run(tester).get();
    REQUIRE(results.size() == 2);
    CHECK(results[0].good);
    CHECK(results[0].text == "good");
    CHECK_FALSE(results[1].good);
    CHECK(results[1].text == "out of order");
    CHECK(results[1].method == "the script");
  }
}

TEST_CASE("calls during a self-test share the next one", "[admission]") {
  test::Barrier barrier;
  std::atomic<int> tests = 0;
  test::ScriptedMethod method([&](const Question&, const AskContext&) {
    ++tests;
    barrier.Wait();
    return kGood;
  });
  StopSignal stop;
  SelfTester tester({&method}, stop);
  auto first = Run(tester);
  while (tests == 0) std::this_thread::yield();
  std::vector<std::future<std::vector<SelfTestResult>>> others;
  for (int i = 0; i < 20; ++i) others.push_back(Run(tester));
  barrier.Open();
  CHECK(first.get().size() == 1);
  for (auto& other : others) CHECK(other.get().size() == 1);
  CHECK(tests == 2);
}
