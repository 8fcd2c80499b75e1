#include "derpprobe/service/greeting_history.h"

namespace derp::probe {

void GreetingHistory::Add(const NodePublic& key) {
  keys_.push_back(key);
  if (keys_.size() > kRemembered) keys_.pop_front();
}

std::set<NodePublic> GreetingHistory::Alternating() const {
  std::set<NodePublic> seen;
  bool came_back = false;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool changed = i > 0 && keys_[i] != keys_[i - 1];
    const bool known = !seen.insert(keys_[i]).second;
    came_back = came_back || (changed && known);
  }
  return came_back ? seen : std::set<NodePublic>();
}

}  // namespace derp::probe
