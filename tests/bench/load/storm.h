// New clients beside the traffic: TCP, TLS, login, and away again; so many per second, or as fast
// as a number of them at once goes. On a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "tests/bench/load/connection.h"
#include "tests/bench/load/figures.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/schedule.h"

namespace derp::load {

class Storm {
 public:
  // `options` outlives it.
  explicit Storm(const Options& options) : options_(options) {}
  void Run(const std::atomic<bool>& stop);
  const StormFigures& figures() const { return figures_; }  // after Run()

 private:
  struct Visit {
    std::unique_ptr<Connection> connection;
    TimePoint due;
  };

  void StartDue(TimePoint now);
  void Start(TimePoint due);
  void GiveUpOld(TimePoint now);
  void Reap(TimePoint now);

  const Options& options_;
  StormFigures figures_;
  Tools tools_;
  std::optional<Schedule> schedule_;
  std::vector<Visit> visits_;  // a place without a connection is free
  std::vector<std::size_t> free_;
  std::vector<std::size_t> ended_;  // this turn
};

}  // namespace derp::load
