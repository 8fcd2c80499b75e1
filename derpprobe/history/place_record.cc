#include "derpprobe/history/place_record.h"

#include <algorithm>
#include <limits>

namespace derp::probe {

namespace {

using diagnosis::Verdict;

constexpr auto kQuarterSeconds = std::chrono::seconds(kBucketWidth).count();
constexpr std::int64_t kSmallStep = 4;  // quarters a clock may be set back without losing data

std::int32_t DayOf(std::int64_t bucket) {
  return static_cast<std::int32_t>(bucket / static_cast<std::int64_t>(kDayBuckets));
}

std::uint32_t Micros(Duration duration) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
      micros, 0, std::numeric_limits<std::uint32_t>::max() - std::int64_t{1}));
}

template <typename T>
void AddUpTo(T& counter, std::uint64_t more) {
  const std::uint64_t sum = counter + more;
  counter = static_cast<T>(std::min<std::uint64_t>(sum, std::numeric_limits<T>::max()));
}

}  // namespace

std::int64_t BucketNumber(WallTime time) { return UnixSeconds(time) / kQuarterSeconds; }

void PlaceRecord::Add(const RoundSample& sample, WallTime now) {
  if (sample.verdict == Verdict::kUnknown) return;
  const std::int64_t number = BucketNumber(now);
  if (number < 0 || number > std::numeric_limits<std::int32_t>::max()) return;
  DropFuture(number);
  if (buckets_.empty() || buckets_.back().number < number) Open(number);
  OpenDay(number);
  Packed& bucket = buckets_.back();
  const bool available = sample.verdict != Verdict::kUnusable;
  // A quarter of more than 65,535 rounds keeps the share of the first ones.
  if (bucket.rounds < std::numeric_limits<std::uint16_t>::max()) {
    AddUpTo(bucket.rounds, 1);
    AddUpTo(bucket.available, available ? 1 : 0);
  }
  bucket.worst = std::max(bucket.worst, sample.verdict);
  AddUpTo(bucket.sent, sample.sent);
  AddUpTo(bucket.lost, sample.lost);
  if (sample.round_trip) AddRoundTrip(*sample.round_trip);
  unsaved_buckets_ = std::max(unsaved_buckets_, 1U);
  AddUpTo(days_.back().rounds, 1);
  AddUpTo(days_.back().available, available ? 1 : 0);
  unsaved_days_ = std::max(unsaved_days_, 1U);
}

void PlaceRecord::Open(std::int64_t number) {
  const std::int64_t first = number - static_cast<std::int64_t>(kDayBuckets) + 1;
  std::erase_if(buckets_, [first](const Packed& bucket) { return bucket.number < first; });
  if (buckets_.size() * 2 > kDayBuckets) buckets_.reserve(kDayBuckets);
  Packed bucket;
  bucket.number = static_cast<std::uint32_t>(number);
  buckets_.push_back(bucket);
  samples_.clear();
  stride_ = 1;
  since_sample_ = 0;
  ++unsaved_buckets_;
  OpenDay(number);
  AddUpTo(days_.back().quarters, 1);
  BoundUnsaved();
}

void PlaceRecord::OpenDay(std::int64_t number) {
  if (!days_.empty() && days_.back().day >= DayOf(number)) return;
  if (days_.size() >= static_cast<std::size_t>(kDaysKept)) days_.erase(days_.begin());
  DayCount day;
  day.day = DayOf(number);
  days_.push_back(day);
  ++unsaved_days_;
}

void PlaceRecord::DropFuture(std::int64_t number) {
  const std::int64_t newest = buckets_.empty() ? number : buckets_.back().number;
  const std::int32_t newest_day = days_.empty() ? 0 : days_.back().day;
  if (newest <= number + kSmallStep && newest_day <= DayOf(number + kSmallStep)) return;
  std::erase_if(buckets_, [number](const Packed& bucket) { return bucket.number > number; });
  std::erase_if(days_, [number](const DayCount& day) { return day.day > DayOf(number); });
  samples_.clear();
  BoundUnsaved();
}

void PlaceRecord::BoundUnsaved() {
  unsaved_buckets_ = std::min(unsaved_buckets_, static_cast<std::uint32_t>(buckets_.size()));
  unsaved_days_ = std::min(unsaved_days_, static_cast<std::uint32_t>(days_.size()));
}

void PlaceRecord::AddRoundTrip(Duration round_trip) {
  if (++since_sample_ < stride_) return;
  since_sample_ = 0;
  if (samples_.size() == kMostSamples) {
    for (std::size_t i = 0; i < kMostSamples / 2; ++i) samples_[i] = samples_[2 * i + i % 2];
    samples_.resize(kMostSamples / 2);
    stride_ *= 2;
  }
  const std::uint32_t micros = Micros(round_trip);
  samples_.insert(std::upper_bound(samples_.begin(), samples_.end(), micros), micros);
  const std::size_t tenth = (samples_.size() - 1) / 10;
  Packed& bucket = buckets_.back();
  bucket.p10 = samples_[tenth];
  bucket.median = samples_[samples_.size() / 2];
  bucket.p90 = samples_[samples_.size() - 1 - tenth];
}

PastBucket PlaceRecord::Unpack(const Packed& packed) {
  const auto duration = [](std::uint32_t micros) -> std::optional<Duration> {
    if (micros == kNone) return std::nullopt;
    return std::chrono::microseconds(micros);
  };
  PastBucket bucket;
  bucket.number = packed.number;
  bucket.rounds = packed.rounds;
  bucket.available = packed.available;
  bucket.worst = packed.worst;
  bucket.p10 = duration(packed.p10);
  bucket.median = duration(packed.median);
  bucket.p90 = duration(packed.p90);
  bucket.sent = packed.sent;
  bucket.lost = packed.lost;
  return bucket;
}

PlaceRecord::Packed PlaceRecord::Pack(const PastBucket& bucket) {
  const auto micros = [](const std::optional<Duration>& duration) {
    return duration ? Micros(*duration) : kNone;
  };
  Packed packed;
  packed.number = static_cast<std::uint32_t>(bucket.number);
  AddUpTo(packed.rounds, bucket.rounds);
  AddUpTo(packed.available, bucket.available);
  packed.worst = bucket.worst;
  packed.p10 = micros(bucket.p10);
  packed.median = micros(bucket.median);
  packed.p90 = micros(bucket.p90);
  packed.sent = bucket.sent;
  packed.lost = bucket.lost;
  return packed;
}

Past PlaceRecord::Make(WallTime now) const {
  const std::int64_t number = BucketNumber(now);
  Past past;
  past.day.reserve(buckets_.size());
  for (const Packed& bucket : buckets_) {
    if (bucket.number + static_cast<std::int64_t>(kDayBuckets) > number) {
      past.day.push_back(Unpack(bucket));
    }
  }
  std::uint64_t rounds = 0;
  std::uint64_t available = 0;
  for (const DayCount& day : days_) {
    if (day.day <= DayOf(number) - kDaysKept) continue;
    rounds += day.rounds;
    available += day.available;
    past.observed += day.quarters * kBucketWidth;
  }
  if (rounds > 0) past.availability = static_cast<double>(available) / static_cast<double>(rounds);
  return past;
}

void PlaceRecord::TakeChanges(const PlaceKey& place, HistoryRows& rows) {
  for (std::size_t i = buckets_.size() - unsaved_buckets_; i < buckets_.size(); ++i) {
    rows.buckets.push_back({place, Unpack(buckets_[i])});
  }
  for (std::size_t i = days_.size() - unsaved_days_; i < days_.size(); ++i) {
    rows.days.push_back({place, days_[i]});
  }
  unsaved_buckets_ = 0;
  unsaved_days_ = 0;
}

void PlaceRecord::PutBack(const PastBucket& bucket) {
  const auto from = std::find_if(buckets_.begin(), buckets_.end(), [&](const Packed& packed) {
    return packed.number >= bucket.number;
  });
  const auto count = static_cast<std::uint32_t>(buckets_.end() - from);
  unsaved_buckets_ = std::max(unsaved_buckets_, count);
}

void PlaceRecord::PutBack(const DayCount& day) {
  const auto from = std::find_if(days_.begin(), days_.end(),
                                 [&](const DayCount& ours) { return ours.day >= day.day; });
  unsaved_days_ = std::max(unsaved_days_, static_cast<std::uint32_t>(days_.end() - from));
}

void PlaceRecord::MarkAllUnsaved() {
  unsaved_buckets_ = static_cast<std::uint32_t>(buckets_.size());
  unsaved_days_ = static_cast<std::uint32_t>(days_.size());
}

void PlaceRecord::Restore(const PastBucket& bucket) {
  if (!buckets_.empty() && bucket.number <= buckets_.back().number) return;
  buckets_.push_back(Pack(bucket));
  samples_.clear();
  stride_ = 1;
  since_sample_ = 0;
  const Packed& packed = buckets_.back();
  if (packed.median != kNone) samples_ = {packed.p10, packed.median, packed.p90};
}

void PlaceRecord::Restore(const DayCount& day) {
  if (days_.empty() || day.day > days_.back().day) days_.push_back(day);
}

bool PlaceRecord::Expire(WallTime now) {
  const std::int64_t number = BucketNumber(now);
  const std::int64_t first = number - static_cast<std::int64_t>(kDayBuckets) + 1;
  if (!buckets_.empty() && buckets_.back().number < first) {
    std::vector<Packed>().swap(buckets_);  // gives its memory back
    std::vector<std::uint32_t>().swap(samples_);
  }
  std::erase_if(days_, [&](const DayCount& day) { return day.day <= DayOf(number) - kDaysKept; });
  BoundUnsaved();
  return buckets_.empty() && days_.empty();
}

std::size_t PlaceRecord::bytes() const {
  return sizeof *this + buckets_.capacity() * sizeof(Packed) + days_.capacity() * sizeof(DayCount) +
         samples_.capacity() * sizeof(std::uint32_t);
}

}  // namespace derp::probe
