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

namespace derp::net {

struct EventLoop::Impl {
  Impl();
  void EndTurn();
  bool TakeTasks(std::vector<std::function<void()>>& out);

  uv_loop_t loop{};
  uv_async_t wake{};
  uv_prepare_t before_poll{};
  std::function<void()> hook;

  // Loop thread only.
  bool running = false;
  bool active = false;  // something happened in this turn
  mutable bool now_known = false;
  mutable TimePoint now;

  std::atomic<bool> stop{false};
  std::atomic<std::thread::id> thread{};

  Mutex mutex;
  std::vector<std::function<void()>> tasks DERP_GUARDED_BY(mutex);
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
