#include "tests/bench/load/traffic_run.h"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/load/engine.h"
#include "tests/bench/load/loris.h"
#include "tests/bench/load/process.h"
#include "tests/bench/load/storm.h"

namespace derp::load {
namespace {

using std::chrono::milliseconds;

void SleepUntil(TimePoint time) {
  const auto nanoseconds = time.time_since_epoch().count();
  std::timespec until{};
  until.tv_sec = nanoseconds / 1'000'000'000;
  until.tv_nsec = nanoseconds % 1'000'000'000;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

std::vector<std::unique_ptr<Engine>> MakeEngines(const Options& options, Control& control) {
  SystemRandom random;
  const std::uint64_t seed = random.U64();
  auto topologies = PlanTopologies(options);
  std::size_t flows = 0;
  for (const Topology& topology : topologies) flows += topology.flows.size();
  std::vector<std::unique_ptr<Engine>> engines;
  for (Topology& topology : topologies) {
    const double share =
        options.rate * static_cast<double>(topology.flows.size()) / static_cast<double>(flows);
    const std::uint64_t own_seed = seed + (std::uint64_t{engines.size()} << 32);
    engines.push_back(
        std::make_unique<Engine>(options, std::move(topology), share, own_seed, control));
  }
  return engines;
}

// False when one of them cannot.
bool WaitForEngines(const Control& control, std::size_t count) {
  while (control.waiting.load() < count) {
    if (control.stop.load() || control.finished.load() > 0) return false;
    SleepUntil(SystemClock().Now() + milliseconds(5));
  }
  return true;
}

// What runs beside the engines, from the start of traffic to the end of the measurement.
class Company {
 public:
  explicit Company(const Options& options) {
    if (options.storm_rate > 0 || options.storm_parallel > 0) storm_.emplace(options);
    if (options.loris > 0) loris_.emplace(options);
  }
  Company(const Company&) = delete;
  Company& operator=(const Company&) = delete;
  ~Company() { Stop(); }
  void Start() {
    if (storm_) threads_.emplace_back([this] { storm_->Run(stop_); });
    if (loris_) threads_.emplace_back([this] { loris_->Run(stop_); });
  }
  void Stop() {
    stop_.store(true);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  void Report(Figures& figures) const {
    if (storm_) figures.storm = storm_->figures();
    if (loris_) figures.loris = loris_->figures();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::optional<Storm> storm_;
  std::optional<Loris> loris_;
  std::vector<std::thread> threads_;
};

ServerFigures MeasureServer(const Options& options, TimePoint from, TimePoint to) {
  SleepUntil(from);
  const CpuMeasurement measurement(options.server_pids);
  SleepUntil(to);
  return measurement.End();
}

}  // namespace

std::optional<Error> RunTraffic(const Options& options, Figures& figures) {
  Control control;
  const auto engines = MakeEngines(options, control);
  std::vector<std::thread> threads;
  threads.reserve(engines.size());
  for (const auto& engine : engines) threads.emplace_back([&engine] { engine->Run(); });
  if (WaitForEngines(control, engines.size())) {
    std::fputs("derpload: all clients are logged in, every flow delivered; starting\n", stderr);
    Company company(options);
    const TimePoint start = SystemClock().Now() + milliseconds(20);
    control.start.store(start.time_since_epoch().count());
    company.Start();
    const TimePoint measure = start + options.warm_up;
    figures.server = MeasureServer(options, measure, measure + options.duration);
    company.Stop();
    company.Report(figures);
  } else {
    control.stop.store(true);
  }
  for (std::thread& thread : threads) thread.join();
  figures.traffic.emplace();
  for (const auto& engine : engines) {
    // The one that failed first told the others to stop.
    const auto& failure = engine->failure();
    if (failure && failure->code != ErrorCode::kCancelled) return failure;
    figures.traffic->Merge(engine->figures());
  }
  figures.tls = engines.front()->TlsText();
  return std::nullopt;
}

}  // namespace derp::load
