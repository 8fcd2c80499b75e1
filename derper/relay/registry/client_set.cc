#include "derper/relay/registry/client_set.h"

#include <algorithm>

namespace derp::relay {

void ClientSet::Add(ConnectionRef connection) {
  members_.push_back(connection);
  active_ = connection;
  if (members_.size() == 2) {
    history_ = {members_.front()};  // the newcomer enters when it is heard
  } else if (members_.size() > 2) {
    MoveToEndOfHistory(connection);
  }
}

bool ClientSet::Heard(ConnectionRef connection) {
  if (!has_duplicates()) return false;
  if (std::find(members_.begin(), members_.end(), connection) == members_.end()) return false;
  MoveToEndOfHistory(connection);
  const bool changed = active_ != connection;
  active_ = connection;
  return changed;
}

bool ClientSet::Remove(ConnectionRef connection) {
  const auto member = std::find(members_.begin(), members_.end(), connection);
  if (member == members_.end()) return false;
  members_.erase(member);
  std::erase(history_, connection);
  if (members_.size() < 2) {
    history_ = {};
    active_ = members_.empty() ? std::nullopt : std::optional(members_.front());
  } else if (active_ == connection) {
    active_ = history_.empty() ? std::nullopt : std::optional(history_.back());
  }
  return true;
}

void ClientSet::MoveToEndOfHistory(ConnectionRef connection) {
  std::erase(history_, connection);
  history_.push_back(connection);
}

}  // namespace derp::relay
