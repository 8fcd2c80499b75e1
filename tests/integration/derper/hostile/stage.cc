#include "tests/integration/derper/hostile/stage.h"

#include <algorithm>
#include <poll.h>

#include <fmt/format.h>

namespace derp::test {
namespace {

constexpr std::size_t kPairs = 6;
constexpr int kQuietMs = 700;  // before the attack
constexpr auto kPatience = std::chrono::seconds(5);
constexpr int kGoodReadings = 10;  // one after the other

std::size_t Lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Stage::Stage(const StageOptions& options)
    : options_(options), server_(options.command), pairs_(server_, kPairs) {}

void Stage::Claim(bool holds, std::string text) {
  if (!holds) broken_claims_.push_back(std::move(text));
}

void Stage::Note(std::string_view name, double value, std::string_view unit) {
  if (!notes_.empty()) notes_ += ", ";
  notes_ += fmt::format("{} {:.4g}{}{}", name, value, unit.empty() ? "" : " ", unit);
}

void Stage::Begin() {
  server_.ResetPeak();
  latency_before_ = pairs_.Cut();
  usage_before_ = server_.ReadUsage();
  log_lines_before_ = Lines(server_.Log());
  start_ = SystemClock().Now();
}

struct Measurement {
  static Figures Of(Stage& stage, const Attack& attack) {
    Figures figures;
    poll(nullptr, 0, kQuietMs);
    const std::size_t descriptors = stage.server_.ReadUsage().descriptors;
    stage.Begin();
    figures.before = stage.latency_before_;
    attack.run(stage);
    figures.during = stage.pairs_.Cut();
    const Usage& before = stage.usage_before_;
    const Usage after = stage.server_.ReadUsage();
    figures.seconds = std::chrono::duration<double>(SystemClock().Now() - stage.start_).count();
    figures.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
    figures.memory_before_kib = before.memory_kib;
    figures.memory_growth_kib = after.peak_kib - before.memory_kib;
    const std::size_t left = AwaitDescriptors(stage, descriptors);
    figures.descriptors_left = left - std::min(left, descriptors);
    const Latency rest = stage.pairs_.Finish();
    figures.during.delivered += rest.delivered;
    figures.during.lost += rest.lost;
    figures.during.damaged += rest.damaged;
    figures.during.max_ms = std::max(figures.during.max_ms, rest.max_ms);
    figures.log_lines = Lines(stage.server_.Log()) - stage.log_lines_before_;
    figures.exit_status = stage.server_.Stop();
    figures.log = stage.server_.Log();
    figures.notes = stage.notes_;
    figures.broken_claims = stage.broken_claims_;
    return figures;
  }

  // The hostile peers have hung up; the relay notices in its own time, and those who still wait in
  // the listener's queue come later: so it must have no more than are wanted for some time. Returns
  // how many it has in the end.
  static std::size_t AwaitDescriptors(Stage& stage, std::size_t wanted) {
    const TimePoint deadline = After(kPatience);
    for (int good = 0;;) {
      const std::size_t now = stage.server_.ReadUsage().descriptors;
      good = now <= wanted ? good + 1 : 0;
      if (good == kGoodReadings || SystemClock().Now() >= deadline) return now;
      poll(nullptr, 0, 10);
    }
  }
};

Figures Measure(const StageOptions& options, const Attack& attack) {
  StageOptions adapted = options;
  adapted.command.descriptor_limit = attack.descriptor_limit;
  if (!options.thorough) adapted.command.argument = attack.quick_argument;
  Stage stage(adapted);
  return Measurement::Of(stage, attack);
}

std::string Describe(const Attack& attack, const Figures& figures) {
  const auto mib = [](std::int64_t kib) { return static_cast<double>(kib) / 1024; };
  std::string text = fmt::format(
      "{}: {:.1f} s, memory +{:.1f} MiB on {:.1f}, CPU {:.2f} s, others p50 {:.2f} p99 {:.1f} max "
      "{:.0f} ms (before: {:.2f}, {:.1f}, {:.0f}; own thread woken {:.1f} ms late), {} delivered, "
      "{} lost, {} damaged, {} log lines",
      attack.name, figures.seconds, mib(figures.memory_growth_kib), mib(figures.memory_before_kib),
      figures.cpu_seconds, figures.during.p50_ms, figures.during.p99_ms, figures.during.max_ms,
      figures.before.p50_ms, figures.before.p99_ms, figures.before.max_ms,
      figures.during.wake_p99_ms, figures.during.delivered, figures.during.lost,
      figures.during.damaged, figures.log_lines);
  if (!figures.notes.empty()) text += "; " + figures.notes;
  for (const std::string& claim : figures.broken_claims) text += "\n  NOT: " + claim;
  return text;
}

}  // namespace derp::test
