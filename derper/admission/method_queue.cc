#include "derper/admission/method_queue.h"

#include <system_error>
#include <utility>

namespace derp::admission {
namespace {

Verdict Busy(const Method& method) {
  return {.outcome = Outcome::kRefuse,
          .reason = Reason::kBusy,
          .text = "too many clients wait for " + method.Name()};
}

// An IPv6 network, not one of its endless addresses.
IpAddress Network(const IpAddress& source) {
  if (source.is_v4()) return source;
  auto bytes = source.as_16();
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = 0;
  return IpAddress::V6(bytes);
}

}  // namespace

MethodQueue::MethodQueue(std::unique_ptr<Method> method, std::size_t number, AnswerCache& cache,
                         Stats& stats, const QueueLimits& limits)
    : method_(std::move(method)),
      number_(number),
      cache_(cache),
      stats_(stats),
      limits_(limits),
      to_ask_(limits.max_waiting, limits.max_per_source) {
  threads_.emplace_back([this] { AskAll(); });
  watchdog_ = std::thread([this] { Expire(); });
}

MethodQueue::~MethodQueue() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
  watchdog_.join();
}

MethodQueue::About MethodQueue::AboutOf(const Question& question) {
  return {.key = question.key, .source = question.remote.ip};
}

void MethodQueue::Ask(const Question& question, Callback callback) {
  const About about = AboutOf(question);
  if (const auto known = cache_.Find({number_, about.key, about.source}, clock_.Now())) {
    stats_.CountCacheHit(method_->kind());
    stats_.CountVerdict(method_->kind(), *known);
    callback(*known);
    return;
  }
  {
    const MutexLock lock(mutex_);
    if (Join(question, callback)) return;
  }
  const Verdict busy = Busy(*method_);
  stats_.CountVerdict(method_->kind(), busy);
  callback(busy);
}

bool MethodQueue::Join(const Question& question, Callback& callback) {
  if (stopped_ || waiting_ >= limits_.max_waiting) return false;
  const About about = AboutOf(question);
  if (const auto found = open_.find(about); found != open_.end()) {
    found->second->waiting.push_back(std::move(callback));
  } else {
    auto inquiry = std::make_shared<Inquiry>();
    inquiry->question = question;
    inquiry->since = clock_.Now();
    if (!to_ask_.Add(Network(question.remote.ip), inquiry)) return false;
    inquiry->waiting.push_back(std::move(callback));
    open_.emplace(about, inquiry);
    by_age_.push_back(inquiry);
    if (by_age_.size() == 1) watch_.NotifyOne();
    if (to_ask_.size() > idle_) AddThread();
    work_.NotifyOne();
  }
  ++waiting_;
  stats_.ChangeWaiting(1);
  return true;
}

void MethodQueue::AddThread() {
  if (threads_.size() >= limits_.threads) return;
  try {
    threads_.emplace_back([this] { AskAll(); });
  } catch (const std::system_error&) {
    // There is one at least, which takes longer.
  }
}

MethodQueue::InquiryPtr MethodQueue::Next() {
  const MutexLock lock(mutex_);
  while (!stopped_) {
    if (auto next = to_ask_.Take()) {
      (*next)->started = clock_.Now();
      return *next;
    }
    ++idle_;
    work_.Wait(mutex_);
    --idle_;
  }
  return nullptr;
}

void MethodQueue::AskAll() {
  http::Fetcher fetcher;
  while (const InquiryPtr inquiry = Next()) {
    const Question& question = inquiry->question;
    Verdict verdict = method_->Ask(
        question,
        {.fetcher = fetcher, .deadline = inquiry->since + limits_.method_limit, .stop = stop_});
    const TimePoint now = clock_.Now();
    std::vector<Callback> waiting;
    {
      const MutexLock lock(mutex_);
      if (verdict.answered) last_answered_ = now;
      if (inquiry->done) continue;  // too late
      verdict = Fair(*inquiry, std::move(verdict), now);
      waiting = Finish(*inquiry);
      if (!stopped_) cache_.Put({number_, question.key, question.remote.ip}, verdict, now);
    }
    stats_.CountQuestion(method_->kind(), now - inquiry->since);
    stats_.SetCacheEntries(cache_.size());
    Tell(waiting, verdict);
  }
}

std::vector<MethodQueue::Callback> MethodQueue::Finish(Inquiry& inquiry) {
  inquiry.done = true;
  open_.erase(AboutOf(inquiry.question));
  while (!by_age_.empty() && by_age_.front()->done) by_age_.pop_front();
  waiting_ -= inquiry.waiting.size();
  stats_.ChangeWaiting(-static_cast<std::int64_t>(inquiry.waiting.size()));
  return std::exchange(inquiry.waiting, {});
}

// While the service answers others, a client that was not asked about, or too late, had bad luck in
// a crowd. That says nothing about the service, so it is no case for failing open.
Verdict MethodQueue::Fair(const Inquiry& inquiry, Verdict verdict, TimePoint now) const {
  if (verdict.outcome != Outcome::kAbstain && inquiry.started) return verdict;
  const bool hurried =
      !inquiry.started || *inquiry.started - inquiry.since > limits_.method_limit / 2;
  const bool others_served = last_answered_ + limits_.answer_by > now;
  return hurried && others_served ? Busy(*method_) : verdict;
}

void MethodQueue::Expire() {
  while (true) {
    std::vector<Callback> waiting;
    Verdict verdict;
    {
      const MutexLock lock(mutex_);
      if (stopped_) return;
      if (by_age_.empty()) {
        watch_.Wait(mutex_);
        continue;
      }
      const InquiryPtr oldest = by_age_.front();
      if (clock_.Now() < oldest->since + limits_.answer_by) {
        watch_.WaitUntil(mutex_, oldest->since + limits_.answer_by);
        continue;
      }
      verdict = Fair(*oldest, method_->Unanswered(oldest->question), clock_.Now());
      if (!oldest->started) to_ask_.DropOldest(Network(oldest->question.remote.ip));
      waiting = Finish(*oldest);
    }
    stats_.CountQuestion(method_->kind(), limits_.answer_by);
    Tell(waiting, verdict);
  }
}

void MethodQueue::Tell(const std::vector<Callback>& waiting, const Verdict& verdict) {
  for (const Callback& callback : waiting) {
    stats_.CountVerdict(method_->kind(), verdict);
    callback(verdict);
  }
}

void MethodQueue::Stop() {
  std::vector<Callback> waiting;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    while (!open_.empty()) {
      const InquiryPtr inquiry = open_.begin()->second;
      for (Callback& callback : Finish(*inquiry)) waiting.push_back(std::move(callback));
    }
    work_.NotifyAll();
    watch_.NotifyAll();
  }
  stop_.Set();
  Tell(waiting, Busy(*method_));
}

}  // namespace derp::admission
