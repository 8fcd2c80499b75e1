#include "derpprobe/schedule/probe_table.h"

#include <set>

namespace derp::probe {

ProbeTable::Changes ProbeTable::Reconcile(const std::vector<ProbeSpec>& wanted) {
  Changes changes;
  const MutexLock lock(mutex_);
  std::set<std::string_view> unchanged;
  for (const ProbeSpec& spec : wanted) {
    const auto it = records_.find(spec.name);
    if (it != records_.end() && it->second.spec() == spec) unchanged.insert(spec.name);
  }
  for (auto it = records_.begin(); it != records_.end();) {
    const bool kept = unchanged.contains(it->first);
    if (!kept) changes.removed.push_back(it->first);
    it = kept ? std::next(it) : records_.erase(it);
  }
  for (const ProbeSpec& spec : wanted) {
    if (records_.try_emplace(spec.name, spec).second) changes.added.push_back(spec.name);
  }
  return changes;
}

void ProbeTable::Begin(std::string_view name, WallTime now) {
  const MutexLock lock(mutex_);
  if (const auto it = records_.find(name); it != records_.end()) it->second.Begin(now);
}

void ProbeTable::End(std::string_view name, WallTime now, const ProbeOutcome& outcome) {
  const MutexLock lock(mutex_);
  if (const auto it = records_.find(name); it != records_.end()) it->second.End(now, outcome);
}

void ProbeTable::Healthy(std::string_view name, WallTime now) {
  const MutexLock lock(mutex_);
  if (const auto it = records_.find(name); it != records_.end()) it->second.Healthy(now);
}

void ProbeTable::Abandon(std::string_view name) {
  const MutexLock lock(mutex_);
  if (const auto it = records_.find(name); it != records_.end()) it->second.Abandon();
}

std::optional<ProbeInfo> ProbeTable::Info(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto it = records_.find(name);
  if (it == records_.end()) return std::nullopt;
  return it->second.Info();
}

std::vector<ProbeInfo> ProbeTable::All() const {
  std::vector<ProbeInfo> infos;
  const MutexLock lock(mutex_);
  infos.reserve(records_.size());
  for (const auto& [name, record] : records_) infos.push_back(record.Info());
  return infos;
}

std::vector<ProbeTable::Listed> ProbeTable::Under(std::string_view prefix) const {
  std::vector<Listed> listed;
  const MutexLock lock(mutex_);
  for (auto it = records_.lower_bound(prefix);
       it != records_.end() && it->first.starts_with(prefix); ++it) {
    listed.push_back({it->first, it->second.spec().probe_class});
  }
  return listed;
}

void ProbeTable::Collect(std::vector<metrics::Family>& families) const {
  const MutexLock lock(mutex_);
  for (const auto& [name, record] : records_) record.AddSamples(families);
}

}  // namespace derp::probe
