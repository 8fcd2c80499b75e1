#include "derpprobe/history/history.h"

#include <iterator>
#include <utility>

namespace derp::probe {

void History::Record(const PlaceKey& place, const RoundSample& sample, WallTime now) {
  if (sample.verdict == diagnosis::Verdict::kUnknown) return;
  const MutexLock lock(mutex_);
  Entry* entry = Find(place);
  if (entry == nullptr) return;
  entry->record.Add(sample, now);
  entry->made.reset();
  entry->changed = true;
}

History::Entry* History::Find(const PlaceKey& place) {
  const auto found = places_.find(place);
  if (found != places_.end()) return &found->second;
  if (places_.size() >= kMostPlaces) return nullptr;
  return &places_.try_emplace(place).first->second;
}

std::shared_ptr<const Past> History::PastOf(const PlaceKey& place, WallTime now) {
  const MutexLock lock(mutex_);
  const auto found = places_.find(place);
  if (found == places_.end()) return std::make_shared<const Past>();
  if (auto made = found->second.made.lock()) return made;
  auto past = std::make_shared<const Past>(found->second.record.Make(now));
  found->second.made = past;
  return past;
}

HistoryRows History::TakeChanges() {
  HistoryRows rows;
  const MutexLock lock(mutex_);
  for (auto& [place, entry] : places_) {
    if (rows.buckets.size() >= kMostRows) break;
    if (std::exchange(entry.changed, false)) entry.record.TakeChanges(place, rows);
  }
  return rows;
}

void History::PutBack(const HistoryRows& rows) {
  const MutexLock lock(mutex_);
  const auto put_back = [this](const PlaceKey& place, const auto& row) DERP_REQUIRES(mutex_) {
    const auto found = places_.find(place);
    if (found == places_.end()) return;
    found->second.record.PutBack(row);
    found->second.changed = true;
  };
  for (const BucketRow& row : rows.buckets) put_back(row.place, row.bucket);
  for (const DayRow& row : rows.days) put_back(row.place, row.day);
}

void History::MarkAllUnsaved() {
  const MutexLock lock(mutex_);
  for (auto& [place, entry] : places_) {
    entry.record.MarkAllUnsaved();
    entry.changed = true;
  }
}

void History::Restore(const PlaceKey& place, const PastBucket& bucket) {
  const MutexLock lock(mutex_);
  if (Entry* entry = Find(place)) entry->record.Restore(bucket);
}

void History::Restore(const PlaceKey& place, const DayCount& day) {
  const MutexLock lock(mutex_);
  if (Entry* entry = Find(place)) entry->record.Restore(day);
}

void History::Expire(WallTime now) {
  const MutexLock lock(mutex_);
  for (auto it = places_.begin(); it != places_.end();) {
    it = it->second.record.Expire(now) ? places_.erase(it) : std::next(it);
  }
}

std::size_t History::bytes() {
  const MutexLock lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [place, entry] : places_) {
    sum += sizeof(std::pair<const PlaceKey, Entry>) + 48 + place.node.capacity() +
           entry.record.bytes();
  }
  return sum;
}

}  // namespace derp::probe
