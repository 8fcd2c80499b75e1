// The questions to one method: asked by a few threads of its own, one at a time about the same
// client, answered in time whatever the method does. A slow method delays nobody but who waits for
// it, and a flood costs bounded memory.
#pragma once

#include <compare>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "derper/admission/answer_cache.h"
#include "derper/admission/fair_queue.h"
#include "derper/admission/method.h"
#include "derper/admission/stats.h"

namespace derp::admission {

struct QueueLimits {
  Duration method_limit = std::chrono::seconds(5);       // of a question, waiting included
  Duration answer_by = std::chrono::milliseconds(5500);  // then the waiting get an answer anyway
  std::size_t threads = 16;
  std::size_t max_waiting = 4096;     // clients
  std::size_t max_per_source = 1024;  // questions not yet asked
};

class MethodQueue {
 public:
  using Callback = std::function<void(const Verdict&)>;

  // `number` tells the methods of one gate apart. `cache` and `stats` outlive the queue.
  MethodQueue(std::unique_ptr<Method> method, std::size_t number, AnswerCache& cache, Stats& stats,
              const QueueLimits& limits = {});
  ~MethodQueue();  // joins; see Stop()
  MethodQueue(const MethodQueue&) = delete;
  MethodQueue& operator=(const MethodQueue&) = delete;

  Method& method() { return *method_; }
  StopSignal& stop_signal() { return stop_; }

  // Any thread, never blocks. Calls back once, in any thread, perhaps at once.
  void Ask(const Question& question, Callback callback);

  // Any thread. Whoever waits is refused now; the threads end within about a second.
  void Stop();

 private:
  // A client may have several ports but only one address.
  struct About {
    NodePublic key;
    IpAddress source;
    auto operator<=>(const About&) const = default;
  };
  struct Inquiry {
    Question question;
    TimePoint since;
    std::optional<TimePoint> started{};
    bool done = false;
    std::vector<Callback> waiting;
  };
  using InquiryPtr = std::shared_ptr<Inquiry>;

  static About AboutOf(const Question& question);
  bool Join(const Question& question, Callback& callback) DERP_REQUIRES(mutex_);
  void AddThread() DERP_REQUIRES(mutex_);
  InquiryPtr Next();
  void AskAll();
  void Expire();
  // What the waiting are to be told, who is to be told it.
  std::vector<Callback> Finish(Inquiry& inquiry) DERP_REQUIRES(mutex_);
  Verdict Fair(const Inquiry& inquiry, Verdict verdict, TimePoint now) const DERP_REQUIRES(mutex_);
  void Tell(const std::vector<Callback>& waiting, const Verdict& verdict);

  const std::unique_ptr<Method> method_;
  const std::size_t number_;
  AnswerCache& cache_;
  Stats& stats_;
  const QueueLimits limits_;
  const SystemClock clock_;
  StopSignal stop_;

  Mutex mutex_;
  CondVar work_;
  CondVar watch_;
  bool stopped_ DERP_GUARDED_BY(mutex_) = false;
  std::map<About, InquiryPtr> open_ DERP_GUARDED_BY(mutex_);
  FairQueue<IpAddress, InquiryPtr> to_ask_ DERP_GUARDED_BY(mutex_);
  std::deque<InquiryPtr> by_age_ DERP_GUARDED_BY(mutex_);
  std::size_t waiting_ DERP_GUARDED_BY(mutex_) = 0;
  std::size_t idle_ DERP_GUARDED_BY(mutex_) = 0;
  TimePoint last_answered_ DERP_GUARDED_BY(mutex_){};
  std::vector<std::thread> threads_;
  std::thread watchdog_;
};

}  // namespace derp::admission
