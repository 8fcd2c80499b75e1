// Level-triggered epoll with waits of nanoseconds, which libuv does not have and pacing needs. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

#include "common/base/clock.h"
#include "common/net/fd.h"

namespace derp::load {

struct Wanted {
  bool read = true;
  bool write = false;
  bool operator==(const Wanted&) const = default;
};

class Poller {
 public:
  Poller();
  // `token` comes back with what happens to `fd`; closing `fd` takes it out.
  void Add(int fd, std::uint64_t token, Wanted wanted);
  void Change(int fd, std::uint64_t token, Wanted wanted);

  // What is ready, at once or within `most`. Valid until the next call.
  std::span<const epoll_event> Wait(Duration most);

 private:
  net::Fd epoll_;
  std::array<epoll_event, 512> events_{};
};

// This thread's timers fire when they are due, not up to 50 microseconds later.
void MakeTimersSharp();

}  // namespace derp::load
