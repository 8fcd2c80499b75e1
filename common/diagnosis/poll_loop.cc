#include "common/diagnosis/poll_loop.h"

#include <algorithm>
#include <chrono>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/result.h"

namespace derp::diagnosis {

PollLoop::PollLoop(const Clock& clock)
    : clock_(clock), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Check(wake_fd_.valid(), "eventfd failed");
  thread_ = std::thread([this] { Run(); });
}

PollLoop::~PollLoop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  const std::uint64_t one = 1;
  Check(write(wake_fd_.get(), &one, sizeof one) == sizeof one, "eventfd write failed");
  thread_.join();
}

void PollLoop::Add(std::unique_ptr<Waiter> waiter) {
  {
    const MutexLock lock(mutex_);
    added_.push_back(std::move(waiter));
  }
  const std::uint64_t one = 1;
  Check(write(wake_fd_.get(), &one, sizeof one) == sizeof one, "eventfd write failed");
}

void PollLoop::Run() {
  while (TakeNew()) WaitOnce();
}

bool PollLoop::TakeNew() {
  const MutexLock lock(mutex_);
  for (auto& waiter : added_) waiters_.push_back(std::move(waiter));
  added_.clear();
  return !stopping_;
}

void PollLoop::WaitOnce() {
  std::vector<pollfd> fds{{wake_fd_.get(), POLLIN, 0}};
  TimePoint earliest = TimePoint::max();
  for (const auto& waiter : waiters_) {
    const short events = waiter->for_writing() ? POLLOUT : POLLIN;
    fds.push_back({waiter->fd(), events, 0});
    earliest = std::min(earliest, waiter->wake());
  }
  int timeout = -1;
  if (earliest != TimePoint::max()) {
    const Duration left = Remaining(clock_.Now(), earliest);
    timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }
  if (poll(fds.data(), fds.size(), timeout) < 0) return;  // interrupted
  if (fds[0].revents != 0) {
    std::uint64_t count = 0;
    if (read(wake_fd_.get(), &count, sizeof count) < 0) return;
  }
  const TimePoint now = clock_.Now();
  for (std::size_t i = 0; i < waiters_.size(); ++i) {
    const bool ready = fds[i + 1].revents != 0;
    if (!ready && waiters_[i]->wake() > now) continue;
    if (!waiters_[i]->Step(ready)) waiters_[i].reset();
  }
  std::erase(waiters_, nullptr);
}

}  // namespace derp::diagnosis
