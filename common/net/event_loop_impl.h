// The loop's inside, shared by event_loop.cc and event_watchers.cc. Not for other folders.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <uv.h>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/event_loop.h"
#include "common/net/fd.h"

namespace derp::net {

// Why not uv_async_t: its receiver spins until the sender is back from its system call, a quarter
// of the time of two workers that pass packets to each other.
struct EventLoop::Impl {
  Impl();
  void EndTurn();
  void BeforePoll();
  void Wake();           // any thread
  void NoteActivity() {  // what came from the poll
    active = true;
    if (asleep.load(std::memory_order_relaxed)) asleep.store(false, std::memory_order_relaxed);
  }

  uv_loop_t loop{};
  uv_poll_t wake_poll{};
  uv_prepare_t before_poll{};
  uv_check_t after_poll{};
  uv_idle_t no_wait{};  // runs while the next poll must not block
  Fd wake_fd;
  std::function<void()> hook;

  // Loop thread only.
  bool running = false;
  bool active = false;  // something happened in this turn
  mutable bool now_known = false;
  mutable TimePoint now;

  // A sender sets `woken`, then writes to wake_fd if the loop is asleep. The loop does the reverse:
  // it falls asleep, then looks whether it was woken.
  std::atomic<bool> woken{false};
  std::atomic<bool> asleep{false};
  std::atomic<bool> stop{false};
  std::atomic<std::thread::id> thread{};

  Mutex mutex;
  std::vector<std::function<void()>> tasks DERP_GUARDED_BY(mutex);
  std::vector<std::function<void()>> batch;  // loop thread: the tasks of this turn
};

// libuv closes handles in a later turn, so each lives on the heap until libuv has let go of it.
template <typename State, typename Handle>
void CloseHandle(State* state, Handle* handle) {
  handle->data = state;
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete static_cast<State*>(closed->data); });
}

inline void CheckUv(int result, const char* call) {
  if (result < 0) Check(false, std::string(call) + ": " + uv_strerror(result));
}

}  // namespace derp::net
