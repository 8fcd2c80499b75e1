#include "common/net/event_loop_impl.h"

namespace derp::net {

struct IoWatcher::Impl {
  uv_poll_t handle{};
  EventLoop::Impl* loop = nullptr;
  std::function<void(IoEvents)> callback;
  int wanted = 0;  // UV_READABLE | UV_WRITABLE
  bool alive = true;

  void Arm() {
    if (wanted == 0) {
      uv_poll_stop(&handle);
      return;
    }
    CheckUv(uv_poll_start(&handle, wanted, &Impl::OnEvents), "uv_poll_start");
  }

  static void OnEvents(uv_poll_t* handle, int status, int events) {
    auto* self = static_cast<Impl*>(handle->data);
    self->loop->NoteActivity();
    if (status == 0) {
      self->callback(IoEvents{.readable = (events & UV_READABLE) != 0,
                              .writable = (events & UV_WRITABLE) != 0});
      return;
    }
    // libuv stops watching a descriptor with an error pending (also a UDP socket's ICMP report),
    // and does not say what else it is ready for.
    self->callback(IoEvents{.readable = (self->wanted & UV_READABLE) != 0,
                            .writable = (self->wanted & UV_WRITABLE) != 0,
                            .error = true});
    if (self->alive) self->Arm();
  }
};

IoWatcher::IoWatcher(EventLoop& loop, int fd, std::function<void(IoEvents)> callback)
    : impl_(new Impl) {
  impl_->loop = &loop.impl();
  impl_->callback = std::move(callback);
  CheckUv(uv_poll_init(&loop.impl().loop, &impl_->handle, fd), "uv_poll_init");
  impl_->handle.data = impl_;
}

IoWatcher::~IoWatcher() {
  impl_->alive = false;
  CloseHandle(impl_, &impl_->handle);
}

void IoWatcher::Want(bool readable, bool writable) {
  const int wanted = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  if (wanted == impl_->wanted) return;
  impl_->wanted = wanted;
  impl_->Arm();
}

struct Timer::Impl {
  uv_timer_t handle{};
  EventLoop* loop = nullptr;
  std::function<void()> callback;

  static void OnTimer(uv_timer_t* handle) {
    auto* self = static_cast<Impl*>(handle->data);
    self->loop->impl().active = true;
    self->callback();
  }
};

Timer::Timer(EventLoop& loop, std::function<void()> callback) : impl_(new Impl) {
  impl_->loop = &loop;
  impl_->callback = std::move(callback);
  CheckUv(uv_timer_init(&loop.impl().loop, &impl_->handle), "uv_timer_init");
  impl_->handle.data = impl_;
}

Timer::~Timer() { CloseHandle(impl_, &impl_->handle); }

void Timer::Start(Duration after, Duration repeat) {
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  uv_loop_t* loop = &impl_->loop->impl().loop;
  if (!impl_->loop->impl().running) uv_update_time(loop);
  // libuv's time is this clock cut to milliseconds; reckoning from the uncut time keeps a timer
  // from firing early.
  std::uint64_t wait = 0;
  if (after > Duration::zero()) {
    const auto due = ceil<milliseconds>(impl_->loop->Now() + after).time_since_epoch().count();
    const std::uint64_t now = uv_now(loop);
    wait = static_cast<std::uint64_t>(due) > now ? static_cast<std::uint64_t>(due) - now : 0;
  }
  const auto every = ceil<milliseconds>(std::max(repeat, Duration::zero())).count();
  CheckUv(uv_timer_start(&impl_->handle, &Impl::OnTimer, wait, static_cast<std::uint64_t>(every)),
          "uv_timer_start");
}

void Timer::Stop() { uv_timer_stop(&impl_->handle); }

bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&impl_->handle)) != 0;
}

struct SignalWatcher::Impl {
  uv_signal_t handle{};
  EventLoop::Impl* loop = nullptr;
  std::function<void()> callback;

  static void OnSignal(uv_signal_t* handle, int) {
    auto* self = static_cast<Impl*>(handle->data);
    self->loop->active = true;
    self->callback();
  }
};

SignalWatcher::SignalWatcher(EventLoop& loop, int signal_number, std::function<void()> callback)
    : impl_(new Impl) {
  impl_->loop = &loop.impl();
  impl_->callback = std::move(callback);
  CheckUv(uv_signal_init(&loop.impl().loop, &impl_->handle), "uv_signal_init");
  impl_->handle.data = impl_;
  CheckUv(uv_signal_start(&impl_->handle, &Impl::OnSignal, signal_number), "uv_signal_start");
}

SignalWatcher::~SignalWatcher() { CloseHandle(impl_, &impl_->handle); }

}  // namespace derp::net
