// The rounds of up to 31 days in memory: what strips, plots and availability are drawn from. With a
// HistoryWriter it outlives the process; without, it lives as long as the service. Any thread.
//
// Memory: at most 4 KiB per node and region, so 16 MB for 1,000 regions of three nodes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "common/base/mutex.h"
#include "derpprobe/history/place_record.h"

namespace derp::probe {

class History {
 public:
  static constexpr std::size_t kMostPlaces = 20'000;  // further ones are not remembered
  static constexpr std::size_t kMostRows = 20'000;

  // Once per finished walk of a node, and per round of a region. Unknown verdicts are no data.
  void Record(const PlaceKey& place, const RoundSample& sample, WallTime now);

  // Never null. Made anew only when a round was recorded since; else, while somebody holds it, the
  // same object.
  std::shared_ptr<const Past> PastOf(const PlaceKey& place, WallTime now);

  // For the writer, at most about kMostRows at once. What it cannot store it puts back.
  HistoryRows TakeChanges();
  void PutBack(const HistoryRows& rows);
  void MarkAllUnsaved();

  // Before the first round; the rows of a place oldest first.
  void Restore(const PlaceKey& place, const PastBucket& bucket);
  void Restore(const PlaceKey& place, const DayCount& day);

  // Forgets what is older than 24 hours and 31 days; places of which nothing is left go.
  void Expire(WallTime now);

  std::size_t bytes();  // memory of the records, an estimate

 private:
  struct Entry {
    PlaceRecord record;
    std::weak_ptr<const Past> made;
    bool changed = false;
  };

  // Made when it is missing; null when there are too many.
  Entry* Find(const PlaceKey& place) DERP_REQUIRES(mutex_);

  Mutex mutex_;
  std::map<PlaceKey, Entry> places_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::probe
