#include "tests/bench/load/poller.h"

#include <algorithm>
#include <ctime>
#include <sys/prctl.h>

#include "common/base/result.h"

namespace derp::load {
namespace {

epoll_event EventOf(std::uint64_t token, Wanted wanted) {
  epoll_event event{};
  event.events = (wanted.read ? EPOLLIN : 0U) | (wanted.write ? EPOLLOUT : 0U);
  event.data.u64 = token;
  return event;
}

}  // namespace

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { Check(epoll_.valid(), "epoll"); }

void Poller::Add(int fd, std::uint64_t token, Wanted wanted) {
  epoll_event event = EventOf(token, wanted);
  Check(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "epoll takes a descriptor");
}

void Poller::Change(int fd, std::uint64_t token, Wanted wanted) {
  epoll_event event = EventOf(token, wanted);
  Check(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0, "epoll changes a descriptor");
}

std::span<const epoll_event> Poller::Wait(Duration most) {
  const auto nanoseconds = std::max(most, Duration::zero()).count();
  std::timespec time{};
  time.tv_sec = nanoseconds / 1'000'000'000;
  time.tv_nsec = nanoseconds % 1'000'000'000;
  const int count =
      epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), &time, nullptr);
  return std::span(events_).first(count < 0 ? 0 : static_cast<std::size_t>(count));
}

void MakeTimersSharp() { prctl(PR_SET_TIMERSLACK, 1UL); }

}  // namespace derp::load
