// What -once shows while people wait: "12 of 34 nodes, 4 slow: fra/5b tls 6 s". A thread of its own
// brings the line up to date; where none is wanted there is no thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/cli/progress.h"
#include "common/diagnosis/measure.h"

namespace derp::probe {

// The nodes under way. Pure but for the mutex: any thread.
class WalkWatch {
 public:
  explicit WalkWatch(std::vector<std::string> names);

  void At(std::size_t index, diagnosis::Stage stage, TimePoint now);
  bool Done(std::size_t index);  // false when it was known already
  // Nodes that take longer than 2 s are slow; the one that takes longest is named.
  std::string Line(TimePoint now) const;

 private:
  struct Node {
    std::string name;
    std::optional<TimePoint> started{};
    diagnosis::Stage stage = diagnosis::Stage::kDns;
    bool done = false;
  };

  mutable Mutex mutex_;
  std::vector<Node> nodes_ DERP_GUARDED_BY(mutex_);
  std::size_t done_ DERP_GUARDED_BY(mutex_) = 0;
};

// Lives as long as the measurement; the line is gone when it ends.
class OnceProgress {
 public:
  // Hooks into `tasks` when progress is `wanted`. The clock outlives the object, which outlives the
  // walks.
  OnceProgress(const cli::Terminal& terminal, bool wanted, const Clock& clock,
               std::vector<diagnosis::WalkTask>& tasks);
  ~OnceProgress();
  OnceProgress(const OnceProgress&) = delete;
  OnceProgress& operator=(const OnceProgress&) = delete;

  void Done(const diagnosis::NodeReport& node);

 private:
  void Run();

  const Clock& clock_;
  cli::Progress progress_;
  WalkWatch watch_;
  std::multimap<std::pair<std::int64_t, std::string>, std::size_t> index_;
  Mutex mutex_;
  CondVar wake_;
  bool stop_ DERP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derp::probe
