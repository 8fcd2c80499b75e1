#include "common/diagnosis/poll_loop.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

#include "common/base/result.h"

namespace derp::diagnosis {

namespace {

constexpr std::uint64_t kWakeId = 0;  // of the eventfd; waiters count from one
constexpr int kEventsAtOnce = 256;

}  // namespace

PollLoop::PollLoop(const Clock& clock)
    : clock_(clock),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Check(epoll_fd_.valid() && wake_fd_.valid(), "epoll_create1 or eventfd failed");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeId;
  Check(epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, wake_fd_.get(), &event) == 0, "epoll_ctl failed");
  thread_ = std::thread([this] { Run(); });
}

PollLoop::~PollLoop() { Stop(); }

void PollLoop::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
}

void PollLoop::Wake() {
  const std::uint64_t one = 1;
  Check(write(wake_fd_.get(), &one, sizeof one) == sizeof one, "eventfd write failed");
}

void PollLoop::Add(std::unique_ptr<Waiter> waiter) {
  bool first = false;
  {
    const MutexLock lock(mutex_);
    first = added_.empty();
    added_.push_back(std::move(waiter));
  }
  if (first) Wake();
}

void PollLoop::Run() {
  while (TakeNew()) WaitOnce();
}

bool PollLoop::TakeNew() {
  std::deque<std::unique_ptr<Waiter>> added;
  {
    const MutexLock lock(mutex_);
    if (stopping_) return false;
    added.swap(added_);
  }
  for (auto& waiter : added) {
    const Id id = ++last_id_;
    Watch(id, *waiter);
    const TimePoint wake = waiter->wake();
    times_.emplace(wake, id);
    waiters_.emplace(id, Entry{std::move(waiter), wake});
  }
  return true;
}

// For one event: until it is watched again a descriptor may be used, given away or closed by
// whoever has it, and nothing of it comes here.
void PollLoop::Watch(Id id, const Waiter& waiter) {
  const int fd = waiter.fd();
  if (fd < 0) return;
  epoll_event event{};
  event.events = EPOLLONESHOT | (waiter.for_writing() ? EPOLLOUT : EPOLLIN);
  event.data.u64 = id;
  if (epoll_ctl(epoll_fd_.get(), EPOLL_CTL_MOD, fd, &event) == 0 || errno != ENOENT) return;
  (void)epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event);  // else its time ends the wait
}

void PollLoop::WaitOnce() {
  int timeout = -1;
  if (!times_.empty()) {
    const Duration left = Remaining(clock_.Now(), times_.begin()->first);
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    timeout = static_cast<int>(std::min<std::int64_t>(ms, 60'000));
  }
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = epoll_wait(epoll_fd_.get(), events.data(), kEventsAtOnce, timeout);
  for (int i = 0; i < count; ++i) {
    const Id id = events[static_cast<std::size_t>(i)].data.u64;
    if (id == kWakeId) {
      std::uint64_t ignored = 0;
      (void)!read(wake_fd_.get(), &ignored, sizeof ignored);
    } else {
      StepOne(id, true);
    }
  }
  StepDue();
}

void PollLoop::StepDue() {
  const TimePoint now = clock_.Now();
  std::vector<Id> due;
  for (const auto& [wake, id] : times_) {
    if (wake > now) break;
    due.push_back(id);
  }
  for (const Id id : due) StepOne(id, false);
}

void PollLoop::StepOne(Id id, bool ready) {
  const auto found = waiters_.find(id);
  if (found == waiters_.end()) return;  // an event of a descriptor that was given away
  Entry& entry = found->second;
  if (!entry.waiter->Step(ready)) {
    times_.erase({entry.wake, id});
    waiters_.erase(found);
    return;
  }
  if (const TimePoint wake = entry.waiter->wake(); wake != entry.wake) {
    times_.erase({entry.wake, id});
    times_.emplace(wake, id);
    entry.wake = wake;
  }
  if (ready) Watch(id, *entry.waiter);
}

}  // namespace derp::diagnosis
