// When each periodic task is due (derpprobe.md 4.4). Pure: time is handed in. A task never runs
// twice at once, and ticks missed by a slow run are dropped, as Go's ticker drops them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace derp::probe {

class DueQueue {
 public:
  // Known ids keep their phase unless the interval changed.
  void Add(const std::string& id, TimePoint first, Duration interval);
  void Remove(std::string_view id);  // one that runs is forgotten when it is done

  // The earliest time at which Take() gives something; empty when nothing waits.
  std::optional<TimePoint> NextDue() const;

  // The task that is due longest, which now counts as running.
  std::optional<std::string> Take(TimePoint now);
  void Done(std::string_view id, TimePoint now);

  std::size_t size() const { return tasks_.size(); }

 private:
  struct Task {
    TimePoint due;
    Duration interval;
    bool running = false;
  };
  std::map<std::string, Task, std::less<>> tasks_;
  std::multimap<TimePoint, std::string> waiting_;

  void Enqueue(const std::string& id, const Task& task);
  void Dequeue(const std::string& id, const Task& task);
};

}  // namespace derp::probe
