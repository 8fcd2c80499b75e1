// What the history hands to the store and gets back from it: plain rows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "derpprobe/history/past.h"
#include "derpprobe/history/place.h"

namespace derp::probe {

// A whole day (UTC) of one place.
struct DayCount {
  std::int32_t day = 0;  // since 1970
  std::uint32_t rounds = 0;
  std::uint32_t available = 0;
  std::uint16_t quarters = 0;  // quarter hours with at least one round

  bool operator==(const DayCount&) const = default;
};

struct BucketRow {
  PlaceKey place;
  PastBucket bucket;
};

struct DayRow {
  PlaceKey place;
  DayCount day;
};

// Buckets and days that changed; each replaces what is stored under its place and number.
struct HistoryRows {
  std::vector<BucketRow> buckets;
  std::vector<DayRow> days;
};

// Something that changed, as the page tells it.
struct StoredTransition {
  WallTime at;
  std::string place;
  std::string text;
  diagnosis::Verdict state = diagnosis::Verdict::kUnknown;

  bool operator==(const StoredTransition&) const = default;
};

struct StoredFinding {
  WallTime since;
  std::uint64_t rounds = 1;

  bool operator==(const StoredFinding&) const = default;
};

// An alert that was sent and not yet recovered from.
struct StoredAlert {
  PlaceKey place;  // of kProberRegion: the prober itself
  std::string state;
  WallTime since;

  bool operator==(const StoredAlert&) const = default;
};

// One transaction.
struct HistoryBatch {
  HistoryRows rows;
  std::vector<StoredTransition> transitions;  // new ones, oldest first
  // Those that stand, by FindingKey, and the alerts that stand; each replaces all stored ones.
  std::optional<std::map<std::string, StoredFinding>> findings;
  std::optional<std::vector<StoredAlert>> alerts;
};

// What a restart begins with.
struct HistoryImage {
  std::vector<StoredTransition> transitions;  // newest first, bounded
  std::map<std::string, StoredFinding> findings;
  std::vector<StoredAlert> alerts;
};

}  // namespace derp::probe
