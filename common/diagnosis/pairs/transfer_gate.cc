#include "common/diagnosis/pairs/transfer_gate.h"

#include <algorithm>

namespace derp::diagnosis {

void TransferGate::Add(std::uint64_t id, const PairTask& task, bool over_tun) {
  waiting_.push_back(
      {id, {task.region_id, task.from.name}, {task.region_id, task.to.name}, over_tun});
}

bool TransferGate::IsFree(const Entry& entry) const {
  return !busy_.contains(entry.from) && !busy_.contains(entry.to) && !(entry.over_tun && tun_busy_);
}

std::optional<std::uint64_t> TransferGate::Next() {
  if (running_.size() >= kMost) return std::nullopt;
  const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                 [this](const Entry& entry) { return IsFree(entry); });
  if (next == waiting_.end()) return std::nullopt;
  const std::uint64_t id = next->id;
  busy_.insert(next->from);
  busy_.insert(next->to);
  tun_busy_ = tun_busy_ || next->over_tun;
  running_.emplace(id, std::move(*next));
  waiting_.erase(next);
  return id;
}

void TransferGate::Leave(std::uint64_t id) {
  waiting_.remove_if([id](const Entry& entry) { return entry.id == id; });
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  busy_.erase(found->second.from);
  busy_.erase(found->second.to);
  if (found->second.over_tun) tun_busy_ = false;
  running_.erase(found);
}

}  // namespace derp::diagnosis
