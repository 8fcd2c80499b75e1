#include "common/net/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "common/net/event_loop_impl.h"

namespace derp::net {

// libuv's turn is: poll (I/O, wake-ups), then timers, then "prepare" just before the next poll. The
// prepare step is therefore where everything of a turn has happened.
EventLoop::Impl::Impl() : wake_fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  Check(wake_fd.valid(), "eventfd");
  CheckUv(uv_loop_init(&loop), "uv_loop_init");
  loop.data = this;
  CheckUv(uv_poll_init(&loop, &wake_poll, wake_fd.get()), "uv_poll_init");
  CheckUv(uv_poll_start(&wake_poll, UV_READABLE,
                        [](uv_poll_t* handle, int, int) {
                          auto* self = static_cast<Impl*>(handle->loop->data);
                          std::uint64_t count = 0;
                          (void)!read(self->wake_fd.get(), &count, sizeof count);
                          self->NoteActivity();
                        }),
          "uv_poll_start");
  CheckUv(uv_prepare_init(&loop, &before_poll), "uv_prepare_init");
  CheckUv(uv_prepare_start(
              &before_poll,
              [](uv_prepare_t* handle) { static_cast<Impl*>(handle->loop->data)->BeforePoll(); }),
          "uv_prepare_start");
  CheckUv(uv_check_init(&loop, &after_poll), "uv_check_init");
  CheckUv(uv_check_start(&after_poll,
                         [](uv_check_t* handle) {
                           static_cast<Impl*>(handle->loop->data)->asleep.store(false);
                         }),
          "uv_check_start");
  CheckUv(uv_idle_init(&loop, &no_wait), "uv_idle_init");
}

void EventLoop::Impl::EndTurn() {
  if (woken.exchange(false)) active = true;
  {
    const MutexLock lock(mutex);
    batch.swap(tasks);
  }
  if (!batch.empty()) active = true;
  for (auto& task : batch) task();
  batch.clear();
  if (active) {
    active = false;
    if (hook) hook();
  }
  now_known = false;
  // Posts from this thread do not wake the loop, so what tasks and hook left must.
  const MutexLock lock(mutex);
  if (!tasks.empty()) woken.store(true);
}

void EventLoop::Impl::BeforePoll() {
  EndTurn();
  if (stop.load()) uv_stop(&loop);
  asleep.store(true);
  if (woken.load()) {
    asleep.store(false);
    uv_idle_start(&no_wait, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&no_wait);
  }
}

void EventLoop::Impl::Wake() {
  woken.store(true);
  if (!asleep.exchange(false)) return;
  const std::uint64_t one = 1;
  (void)!write(wake_fd.get(), &one, sizeof one);  // fails only when the counter is full: awake then
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}

EventLoop::~EventLoop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->wake_poll), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->before_poll), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->after_poll), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->no_wait), nullptr);
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
  impl_->Wake();
}

void EventLoop::Post(std::function<void()> task) {
  bool wake = false;
  {
    MutexLock lock(impl_->mutex);
    wake = impl_->tasks.empty();
    impl_->tasks.push_back(std::move(task));
  }
  if (wake && !InLoopThread()) impl_->Wake();
}

void EventLoop::Wake() { impl_->Wake(); }

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
