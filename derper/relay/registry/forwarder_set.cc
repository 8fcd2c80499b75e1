#include "derper/relay/registry/forwarder_set.h"

#include <algorithm>

namespace derp::relay {

ForwarderSet::Added ForwarderSet::Add(LinkId link) {
  if (std::find(links_.begin(), links_.end(), link) != links_.end()) return Added::kAlreadyThere;
  links_.push_back(link);
  if (links_.size() == 1) return Added::kFirst;
  return links_.size() == 2 ? Added::kBecameMulti : Added::kOneMore;
}

ForwarderSet::Removed ForwarderSet::Remove(LinkId link) {
  const auto found = std::find(links_.begin(), links_.end(), link);
  if (found == links_.end()) {
    return links_.size() == 1 ? Removed::kOtherLink : Removed::kNotThere;
  }
  links_.erase(found);
  if (links_.empty()) return Removed::kLast;
  return links_.size() == 1 ? Removed::kCollapsed : Removed::kOneOfSeveral;
}

std::optional<LinkId> ForwarderSet::preferred() const {
  return links_.empty() ? std::nullopt : std::optional(links_.front());
}

}  // namespace derp::relay
