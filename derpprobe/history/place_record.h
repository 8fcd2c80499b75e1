// The remembered rounds of one place: 24 hours in quarters, 31 days in counters. At most 4 KiB. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "derpprobe/history/records.h"
#include "derpprobe/history/round_sample.h"

namespace derp::probe {

inline constexpr std::int32_t kDaysKept = 31;

std::int64_t BucketNumber(WallTime time);

class PlaceRecord {
 public:
  // A round that ended now; unknown verdicts are left out. A clock that stepped back a little
  // stays in the newest quarter; one that stepped back further loses what lies in its future.
  void Add(const RoundSample& sample, WallTime now);

  Past Make(WallTime now) const;

  // What was not taken since it changed, appended to `rows`.
  void TakeChanges(const PlaceKey& place, HistoryRows& rows);
  void PutBack(const PastBucket& bucket);  // it was taken and could not be stored
  void PutBack(const DayCount& day);
  void MarkAllUnsaved();

  // Stored rows come back, oldest first. The quarter that is not over goes on with its three
  // percentiles as samples.
  void Restore(const PastBucket& bucket);
  void Restore(const DayCount& day);

  // Forgets what is too old. True when nothing is left.
  bool Expire(WallTime now);

  std::size_t bytes() const;  // memory taken, for the tests of its bound

 private:
  // A PastBucket in 32 bytes: round trips in microseconds.
  struct Packed {
    std::uint32_t number = 0;
    std::uint32_t p10 = kNone;
    std::uint32_t median = kNone;
    std::uint32_t p90 = kNone;
    std::uint32_t sent = 0;
    std::uint32_t lost = 0;
    std::uint16_t rounds = 0;
    std::uint16_t available = 0;
    diagnosis::Verdict worst = diagnosis::Verdict::kUsable;
  };
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::size_t kMostSamples = 64;

  void Open(std::int64_t number);
  void OpenDay(std::int64_t number);
  void DropFuture(std::int64_t number);
  void BoundUnsaved();
  void AddRoundTrip(Duration round_trip);
  static Packed Pack(const PastBucket& bucket);
  static PastBucket Unpack(const Packed& packed);

  std::vector<Packed> buckets_;        // oldest first
  std::vector<DayCount> days_;         // oldest first
  std::uint32_t unsaved_buckets_ = 0;  // so many at the end were changed since they were taken
  std::uint32_t unsaved_days_ = 0;
  // Round trips of the newest quarter, sorted. When full every other one goes and only every
  // stride_-th round is taken from then on: the distribution stays.
  std::vector<std::uint32_t> samples_;
  std::uint32_t stride_ = 1;
  std::uint32_t since_sample_ = 0;
};

}  // namespace derp::probe
