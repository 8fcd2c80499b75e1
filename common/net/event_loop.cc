#include "common/net/event_loop.h"

#include "common/net/event_loop_impl.h"

namespace derp::net {

// libuv's turn is: poll (I/O, wake-ups), then timers, then "prepare" just before the next poll. The
// prepare step is therefore where everything of a turn has happened.
EventLoop::Impl::Impl() {
  CheckUv(uv_loop_init(&loop), "uv_loop_init");
  loop.data = this;
  CheckUv(uv_async_init(&loop, &wake,
                        [](uv_async_t* handle) {
                          auto* self = static_cast<Impl*>(handle->loop->data);
                          self->active = true;
                          if (self->stop.load()) uv_stop(&self->loop);
                        }),
          "uv_async_init");
  CheckUv(uv_prepare_init(&loop, &before_poll), "uv_prepare_init");
  CheckUv(uv_prepare_start(
              &before_poll,
              [](uv_prepare_t* handle) { static_cast<Impl*>(handle->loop->data)->EndTurn(); }),
          "uv_prepare_start");
}

bool EventLoop::Impl::TakeTasks(std::vector<std::function<void()>>& out) {
  MutexLock lock(mutex);
  out.swap(tasks);
  return !out.empty();
}

void EventLoop::Impl::EndTurn() {
  std::vector<std::function<void()>> batch;
  if (TakeTasks(batch)) active = true;
  for (auto& task : batch) task();
  batch.clear();
  if (active) {
    active = false;
    if (hook) hook();
  }
  now_known = false;
  // Posts from this thread do not wake the loop, so what tasks and hook left must.
  MutexLock lock(mutex);
  if (!tasks.empty()) uv_async_send(&wake);
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}

EventLoop::~EventLoop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->wake), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->before_poll), nullptr);
  // Runs the closing callbacks of these and of watchers destroyed since the last turn.
  uv_run(&impl_->loop, UV_RUN_NOWAIT);
  CheckUv(uv_loop_close(&impl_->loop), "a watcher outlives its event loop: uv_loop_close");
}

void EventLoop::Run() {
  impl_->thread.store(std::this_thread::get_id());
  impl_->running = true;
  impl_->now_known = false;
  uv_update_time(&impl_->loop);
  uv_run(&impl_->loop, UV_RUN_DEFAULT);
  impl_->EndTurn();  // of the turn that was stopped
  impl_->stop.store(false);
  impl_->running = false;
  impl_->thread.store(std::thread::id());
}

void EventLoop::Stop() {
  if (InLoopThread()) {
    uv_stop(&impl_->loop);
    return;
  }
  impl_->stop.store(true);
  uv_async_send(&impl_->wake);
}

void EventLoop::Post(std::function<void()> task) {
  bool wake = false;
  {
    MutexLock lock(impl_->mutex);
    wake = impl_->tasks.empty();
    impl_->tasks.push_back(std::move(task));
  }
  if (wake && !InLoopThread()) uv_async_send(&impl_->wake);
}

void EventLoop::OnTurnEnd(std::function<void()> hook) { impl_->hook = std::move(hook); }

TimePoint EventLoop::Now() const {
  if (!impl_->running) return SystemClock().Now();
  if (!impl_->now_known) {
    impl_->now = SystemClock().Now();
    impl_->now_known = true;
  }
  return impl_->now;
}

WallTime EventLoop::WallNow() const { return SystemClock().WallNow(); }

bool EventLoop::InLoopThread() const {
  return impl_->thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

}  // namespace derp::net
