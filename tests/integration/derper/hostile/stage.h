// An attack on a relay, measured: memory and CPU of the relay's process, latency of healthy pairs
// before and during it, lines in the log, and what the attack itself claims about its end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/derper/hostile/healthy_pairs.h"

namespace derp::test {

struct StageOptions {
  ServerCommand command;
  bool thorough = false;  // the full size of an attack and the wait for its end, for measurements
};

// What an attack works with. One thread.
class Stage {
 public:
  explicit Stage(const StageOptions& options);

  ServerProcess& server() { return server_; }
  bool ours() const { return !options_.command.stock; }
  bool thorough() const { return options_.thorough; }

  // Everything before was preparation and is not measured.
  void Begin();
  // What must hold with our relay.
  void Claim(bool holds, std::string text);
  // What was measured beside the figures of all attacks.
  void Note(std::string_view name, double value, std::string_view unit);

 private:
  friend struct Measurement;

  const StageOptions options_;
  ServerProcess server_;
  HealthyPairs pairs_;
  TimePoint start_{};
  Usage usage_before_;
  Latency latency_before_;
  std::size_t log_lines_before_ = 0;
  std::vector<std::string> broken_claims_;
  std::string notes_;
};

struct Attack {
  std::string_view name;      // to ask for it
  std::string_view sentence;  // what hostile peers do
  std::function<void(Stage&)> run;
  std::int64_t memory_kib = 8 * 1024;  // bound of what it may cost at its worst moment
  std::size_t descriptor_limit = 0;    // of the relay; 0: the system's
  std::string quick_argument{};        // of the relay, unless the stage is thorough
};

struct Figures {
  double seconds = 0;
  double cpu_seconds = 0;
  std::int64_t memory_before_kib = 0;
  std::int64_t memory_growth_kib = 0;  // at the worst moment
  std::size_t descriptors_left = 0;    // more than before, when all hostile peers are gone
  Latency before, during;
  std::size_t log_lines = 0;
  int exit_status = 0;
  std::string log;
  std::string notes;
  std::vector<std::string> broken_claims;
};

// Starts the relay and the pairs, attacks, ends the relay.
Figures Measure(const StageOptions& options, const Attack& attack);

// One line for people.
std::string Describe(const Attack& attack, const Figures& figures);

}  // namespace derp::test
