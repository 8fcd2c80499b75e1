#include "tests/bench/stun/load_run.h"

#include <array>
#include <cerrno>
#include <memory>
#include <random>
#include <sys/epoll.h>
#include <vector>

#include "tests/bench/load/process.h"

namespace derp::stunload {
namespace {

constexpr Duration kDrain = std::chrono::milliseconds(200);

class Run {
 public:
  explicit Run(const LoadOptions& options) : options_(options) {}

  Expected<void, Error> Open() {
    epoll_ = net::Fd(::epoll_create1(EPOLL_CLOEXEC));
    std::random_device random;
    const std::uint32_t nonce = random();
    for (std::uint32_t i = 0; i < options_.clients; ++i) {
      auto client = Client::Open(options_.server, nonce, i);
      if (!client) return Fail(client.error());
      clients_.push_back(*std::move(client));
      if (options_.rate > 0) {
        if (auto watched = Watch(i); !watched) return watched;
      }
    }
    return {};
  }

  void LoadUntil(TimePoint end, LoadFigures* figures) {
    if (options_.rate > 0) {
      Paced(end, figures);
    } else {
      Flood(end);
    }
  }

  void Drain() {
    const TimePoint end = clock_.Now() + kDrain;
    while (clock_.Now() < end) {
      for (const auto& client : clients_) client->Receive(nullptr);
    }
  }

  Counts Sum() const {
    Counts sum;
    for (const auto& client : clients_) sum += client->counts();
    return sum;
  }

 private:
  // In a flood nobody waits for the sockets, so that answering does not include waking a waiter.
  Expected<void, Error> Watch(std::uint32_t index) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, clients_[index]->fd(), &event) == 0) return {};
    return Fail(SystemError("epoll_ctl", errno));
  }

  void Flood(TimePoint end) {
    for (TimePoint now = clock_.Now(); now < end; now = clock_.Now()) {
      for (const auto& client : clients_) {
        client->Receive(nullptr);
        client->Send(options_.burst, options_.segmented, now);
      }
    }
  }

  // Never sleeps: what is due leaves at once, whatever the server's pace.
  void Paced(TimePoint end, LoadFigures* figures) {
    const std::chrono::duration<double> step(1 / options_.rate);
    const TimePoint start = clock_.Now();
    std::uint64_t number = 0;
    TimePoint due = start;
    load::Histogram* const times = figures == nullptr ? nullptr : &figures->round_trip;
    while (due < end) {
      const TimePoint now = clock_.Now();
      if (now < due) {
        ReceiveReady(times);
        continue;
      }
      if (figures != nullptr) {
        figures->lateness.Record(static_cast<std::uint64_t>((now - due).count()));
      }
      clients_[number++ % clients_.size()]->Send(1, false, now);
      due = start + std::chrono::duration_cast<Duration>(step * static_cast<double>(number));
    }
  }

  void ReceiveReady(load::Histogram* times) {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      clients_[events[static_cast<std::size_t>(i)].data.u32]->Receive(times);
    }
  }

  const LoadOptions& options_;
  SystemClock clock_;
  net::Fd epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
};

Counts Difference(const Counts& after, const Counts& before) {
  return {.sent = after.sent - before.sent,
          .answered = after.answered - before.answered,
          .duplicated = after.duplicated - before.duplicated,
          .wrong = after.wrong - before.wrong,
          .not_sent = after.not_sent - before.not_sent};
}

}  // namespace

Expected<LoadFigures, Error> RunLoad(const LoadOptions& options) {
  Run run(options);
  if (auto opened = run.Open(); !opened) return Fail(opened.error());
  LoadFigures figures;
  run.LoadUntil(SystemClock().Now() + options.warm_up, nullptr);
  const Counts before = run.Sum();
  const std::vector<int> pids = {options.server_pid};
  const load::CpuMeasurement cpu(pids);
  run.LoadUntil(SystemClock().Now() + options.duration, &figures);
  figures.server = cpu.End();
  figures.measured = Difference(run.Sum(), before);
  run.Drain();
  figures.whole = run.Sum();
  return figures;
}

}  // namespace derp::stunload
