#include "netcheck/measure/name_lookups.h"

#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace derp::netcheck {
namespace {

// Enough that one slow server does not hold up a whole map, few enough to be no burden on it.
constexpr std::size_t kMaxWorkers = 16;

}  // namespace

NameLookups::NameLookups(net::Resolver& resolver)
    : resolver_(resolver), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Check(wake_.valid(), "eventfd failed");
}

NameLookups::~NameLookups() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    questions_.clear();
  }
  changed_.NotifyAll();
  for (std::thread& worker : workers_) worker.join();
}

void NameLookups::Start(const Lookup& lookup, TimePoint deadline) {
  bool need_worker = false;
  {
    const MutexLock lock(mutex_);
    questions_.push_back({lookup, deadline});
    need_worker = idle_ < questions_.size();
  }
  if (need_worker && workers_.size() < kMaxWorkers) workers_.emplace_back([this] { Work(); });
  changed_.NotifyOne();
}

std::vector<NameLookups::Answer> NameLookups::Take() {
  std::uint64_t count = 0;
  if (::read(wake_.get(), &count, sizeof count) != sizeof count) return {};
  const MutexLock lock(mutex_);
  return std::exchange(answers_, {});
}

void NameLookups::Work() {
  for (;;) {
    Question question;
    {
      const MutexLock lock(mutex_);
      ++idle_;
      while (questions_.empty() && !ending_) changed_.Wait(mutex_);
      --idle_;
      if (ending_) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    Answer answer = Ask(question);
    {
      const MutexLock lock(mutex_);
      answers_.push_back(std::move(answer));
    }
    const std::uint64_t one = 1;
    Check(::write(wake_.get(), &one, sizeof one) == sizeof one, "eventfd write failed");
  }
}

NameLookups::Answer NameLookups::Ask(const Question& question) {
  const auto found =
      resolver_.Resolve(question.lookup.host, question.lookup.family, question.deadline);
  if (!found) return {question.lookup, {}, found.error().text};
  if (found->empty()) return {question.lookup, {}, "the name has no address of this family"};
  return {question.lookup, *found, {}};
}

}  // namespace derp::netcheck
