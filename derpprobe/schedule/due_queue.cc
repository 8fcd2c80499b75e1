#include "derpprobe/schedule/due_queue.h"

namespace derp::probe {

void DueQueue::Enqueue(const std::string& id, const Task& task) { waiting_.emplace(task.due, id); }

void DueQueue::Dequeue(const std::string& id, const Task& task) {
  const auto [first, last] = waiting_.equal_range(task.due);
  for (auto it = first; it != last; ++it) {
    if (it->second == id) {
      waiting_.erase(it);
      return;
    }
  }
}

void DueQueue::Add(const std::string& id, TimePoint first, Duration interval) {
  const auto known = tasks_.find(id);
  if (known != tasks_.end()) {
    if (known->second.interval == interval) return;
    Remove(id);
  }
  const auto [it, added] = tasks_.emplace(id, Task{first, interval, false});
  Enqueue(id, it->second);
}

void DueQueue::Remove(std::string_view id) {
  const auto it = tasks_.find(id);
  if (it == tasks_.end()) return;
  if (!it->second.running) Dequeue(it->first, it->second);
  tasks_.erase(it);
}

std::optional<TimePoint> DueQueue::NextDue() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

std::optional<std::string> DueQueue::Take(TimePoint now) {
  if (waiting_.empty() || waiting_.begin()->first > now) return std::nullopt;
  const std::string id = waiting_.begin()->second;
  waiting_.erase(waiting_.begin());
  tasks_.find(id)->second.running = true;
  return id;
}

void DueQueue::Done(std::string_view id, TimePoint now) {
  const auto it = tasks_.find(id);
  if (it == tasks_.end() || !it->second.running) return;
  Task& task = it->second;
  task.running = false;
  task.due += task.interval;
  if (task.due <= now) {  // Late: the next tick of the same phase that is still to come.
    const auto missed = (now - task.due) / task.interval + 1;
    task.due += missed * task.interval;
  }
  Enqueue(it->first, task);
}

}  // namespace derp::probe
