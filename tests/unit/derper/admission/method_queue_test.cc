#include "derper/admission/method_queue.h"

#include <future>

#include <catch2/catch.hpp>

#include "tests/unit/derper/admission/scripted_method.h"

using namespace derp;
using namespace derp::admission;

namespace {

using std::chrono::milliseconds;

const Verdict kAdmitted{.outcome = Outcome::kAdmit, .reason = Reason::kAllowed, .answered = true};

Question About(std::uint8_t key, std::uint8_t source = 1) {
  std::array<std::uint8_t, kKeySize> raw{};
  raw[0] = key;
  return {.key = NodePublic(raw), .remote = {.ip = IpAddress::V4({192, 0, 2, source}), .port = 1}};
}

// A queue over a scripted method, and what is asked of it.
struct Bench {
  explicit Bench(test::ScriptedMethod::Script script, const QueueLimits& limits = {}) {
    auto made = std::make_unique<test::ScriptedMethod>(std::move(script));
    method = made.get();
    queue = std::make_unique<MethodQueue>(std::move(made), 0, cache, stats, limits);
  }
  std::future<Verdict> Ask(const Question& question) {
    auto promise = std::make_shared<std::promise<Verdict>>();
    auto future = promise->get_future();
    queue->Ask(question, [promise](const Verdict& verdict) { promise->set_value(verdict); });
    return future;
  }
  void WaitUntilAsked(int times) const {
    while (method->asked < times) std::this_thread::yield();
  }

  AnswerCache cache;
  Stats stats;
  test::ScriptedMethod* method = nullptr;
  std::unique_ptr<MethodQueue> queue;
};

}  // namespace

TEST_CASE("one question is asked for all who ask the same", "[admission]") {
  test::Barrier barrier;
  Bench bench([&](const Question&, const AskContext&) {
    barrier.Wait();
    return kAdmitted;
  });
  std::vector<std::future<Verdict>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(bench.Ask(About(1)));
  bench.WaitUntilAsked(1);
  answers.push_back(bench.Ask(About(1)));
  barrier.Open();
  for (auto& answer : answers) CHECK(answer.get().outcome == Outcome::kAdmit);
  CHECK(bench.method->asked == 1);
  CHECK(bench.Ask(About(1)).get().outcome == Outcome::kAdmit);  // remembered
  CHECK(bench.method->asked == 1);
  CHECK(bench.Ask(About(1, 2)).get().outcome == Outcome::kAdmit);  // from elsewhere
  CHECK(bench.method->asked == 2);
}

TEST_CASE("a question that takes long delays no other", "[admission]") {
  test::Barrier barrier;
  Bench bench([&](const Question& question, const AskContext&) {
    if (question.key == About(1).key) barrier.Wait();
    return kAdmitted;
  });
  auto slow = bench.Ask(About(1));
  bench.WaitUntilAsked(1);
  for (std::uint8_t i = 2; i < 50; ++i) CHECK(bench.Ask(About(i)).get().reason == kAdmitted.reason);
  CHECK(slow.wait_for(milliseconds(0)) == std::future_status::timeout);
  barrier.Open();
  CHECK(slow.get().outcome == Outcome::kAdmit);
}

TEST_CASE("whatever the method does, an answer comes in time", "[admission]") {
  test::Barrier barrier;
  Bench bench(
      [&](const Question&, const AskContext&) {
        barrier.Wait();
        return kAdmitted;
      },
      {.answer_by = milliseconds(30), .threads = 1});
  auto asked = bench.Ask(About(1));
  auto waiting = bench.Ask(About(2));
  CHECK(asked.get().reason == Reason::kTimeout);
  CHECK(waiting.get().reason == Reason::kTimeout);  // nobody was answered: it is the service
  CHECK(bench.cache.size() == 0);
  barrier.Open();
}

TEST_CASE("who waits in a crowd while others are served is refused, not let in", "[admission]") {
  StopSignal never;
  Bench bench(
      [&](const Question&, const AskContext&) {
        (void)never.WaitUntil(SystemClock().Now() + milliseconds(10));
        return kAdmitted;
      },
      {.method_limit = milliseconds(100), .answer_by = milliseconds(150), .threads = 1});
  std::vector<std::future<Verdict>> answers;
  for (std::uint8_t i = 0; i < 60; ++i) answers.push_back(bench.Ask(About(i)));
  int admitted = 0;
  for (auto& answer : answers) {
    const Verdict verdict = answer.get();
    if (verdict.outcome == Outcome::kAdmit) {
      ++admitted;
    } else {
      CHECK(verdict.reason == Reason::kBusy);
    }
  }
  CHECK(admitted > 0);
  CHECK(admitted < 60);
}

TEST_CASE("a crowd beyond the places is refused at once", "[admission]") {
  test::Barrier barrier;
  Bench bench(
      [&](const Question&, const AskContext&) {
        barrier.Wait();
        return kAdmitted;
      },
      {.threads = 1, .max_waiting = 6, .max_per_source = 3});
  std::vector<std::future<Verdict>> taken;
  taken.push_back(bench.Ask(About(1)));
  bench.WaitUntilAsked(1);
  for (std::uint8_t i = 2; i < 5; ++i) taken.push_back(bench.Ask(About(i)));
  CHECK(bench.Ask(About(5)).get().reason == Reason::kBusy);     // its source has three waiting
  taken.push_back(bench.Ask(About(5, 2)));                      // another has room
  taken.push_back(bench.Ask(About(1)));                         // and so has who joins
  CHECK(bench.Ask(About(6, 3)).get().reason == Reason::kBusy);  // all places are taken
  CHECK(bench.Ask(About(1)).get().reason == Reason::kBusy);
  barrier.Open();
  for (auto& answer : taken) CHECK(answer.get().outcome == Outcome::kAdmit);
  CHECK(bench.Ask(About(6, 3)).get().outcome ==
        Outcome::kAdmit);  // a refusal for want of room ends
}

TEST_CASE("stopping answers whoever waits and lets the method go", "[admission]") {
  Bench bench(
      [&](const Question&, const AskContext& context) {
        while (context.stop.WaitUntil(SystemClock().Now() + std::chrono::seconds(20))) {
        }
        return kAdmitted;
      },
      {.threads = 1});
  auto asked = bench.Ask(About(1));
  auto waiting = bench.Ask(About(2));
  bench.WaitUntilAsked(1);
  bench.queue->Stop();
  CHECK(asked.get().reason == Reason::kBusy);
  CHECK(waiting.get().reason == Reason::kBusy);
  CHECK(bench.Ask(About(3)).get().reason == Reason::kBusy);
  CHECK(bench.cache.size() == 0);
}

TEST_CASE("many threads may ask, and each answer comes once", "[admission]") {
  std::atomic<int> answers = 0;
  {
    Bench bench([](const Question&, const AskContext&) { return kAdmitted; });
    std::vector<std::thread> threads;
    for (std::uint8_t source = 0; source < 4; ++source) {
      threads.emplace_back([&bench, &answers, source] {
        for (int i = 0; i < 200; ++i) {
          bench.queue->Ask(About(static_cast<std::uint8_t>(i), source),
                           [&answers](const Verdict&) { ++answers; });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(answers == 800);
}
