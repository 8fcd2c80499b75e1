// Reading the store after a restart.
#include <algorithm>

#include <fmt/format.h>

#include "derpprobe/history/history.h"
#include "derpprobe/history/history_store.h"

namespace derp::probe {

namespace {

using diagnosis::Verdict;

// A number that no version of this program wrote counts as no data.
Verdict VerdictOf(std::int64_t number) {
  return number >= 0 && number <= 2 ? static_cast<Verdict>(number) : Verdict::kUnknown;
}

std::optional<Duration> FromMicros(const std::optional<std::int64_t>& micros) {
  if (!micros) return std::nullopt;
  return std::chrono::microseconds(*micros);
}

std::uint32_t Small(std::int64_t number) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, 0xffffffff));
}

PastBucket BucketOf(const SqlStatement& row) {
  PastBucket bucket;
  bucket.number = row.Integer(0);
  bucket.rounds = Small(row.Integer(2));
  bucket.available = Small(row.Integer(3));
  bucket.worst = VerdictOf(row.Integer(4));
  bucket.p10 = FromMicros(row.MaybeInteger(5));
  bucket.median = FromMicros(row.MaybeInteger(6));
  bucket.p90 = FromMicros(row.MaybeInteger(7));
  bucket.sent = Small(row.Integer(8));
  bucket.lost = Small(row.Integer(9));
  return bucket;
}

DayCount DayOf(const SqlStatement& row) {
  DayCount day;
  day.day = static_cast<std::int32_t>(std::min(row.Integer(0), std::int64_t{0x7fffffff}));
  day.rounds = Small(row.Integer(2));
  day.available = Small(row.Integer(3));
  day.quarters = static_cast<std::uint16_t>(std::clamp<std::int64_t>(row.Integer(4), 0, 96));
  return day;
}

// Calls `take` for every row.
template <typename Take>
Expected<void, Error> ForEach(SqlDatabase& database, const std::string& sql, Take take) {
  auto statement = database.Prepare(sql);
  if (!statement) return Fail(statement.error());
  for (;;) {
    const auto row = statement->Next();
    if (!row) return Fail(row.error());
    if (!*row) return {};
    take(*statement);
  }
}

}  // namespace

Expected<void, Error> HistoryStore::LoadPlaces() {
  place_ids_.clear();
  return ForEach(*database_, "SELECT id, region_id, node FROM places", [this](const auto& row) {
    place_ids_[{row.Integer(1), row.Text(2)}] = row.Integer(0);
  });
}

Expected<void, Error> HistoryStore::LoadRows(History& history) {
  std::map<std::int64_t, PlaceKey> places;
  for (const auto& [place, id] : place_ids_) places[id] = place;
  const std::int64_t quarter = BucketNumber(clock_.WallNow());
  const auto buckets =
      fmt::format("SELECT * FROM buckets WHERE number > {} AND number <= {} ORDER BY number",
                  quarter - static_cast<std::int64_t>(kDayBuckets), quarter);
  auto loaded = ForEach(*database_, buckets, [&](const auto& row) {
    const auto place = places.find(row.Integer(1));
    const PastBucket bucket = BucketOf(row);
    if (place != places.end() && bucket.worst != Verdict::kUnknown) {
      history.Restore(place->second, bucket);
    }
  });
  if (!loaded) return loaded;
  const std::int64_t today = quarter / static_cast<std::int64_t>(kDayBuckets);
  const auto days = fmt::format("SELECT * FROM days WHERE day > {} AND day <= {} ORDER BY day",
                                today - kDaysKept, today);
  return ForEach(*database_, days, [&](const auto& row) {
    const auto place = places.find(row.Integer(1));
    if (place != places.end()) history.Restore(place->second, DayOf(row));
  });
}

Expected<void, Error> HistoryStore::LoadRemembered(HistoryImage& image) {
  const std::string transitions = fmt::format(
      "SELECT at, place, text, state FROM transitions ORDER BY id DESC LIMIT {}", kMostTransitions);
  auto loaded = ForEach(*database_, transitions, [&](const auto& row) {
    image.transitions.push_back(
        {FromUnixSeconds(row.Integer(0)), row.Text(1), row.Text(2), VerdictOf(row.Integer(3))});
  });
  if (!loaded) return loaded;
  loaded = ForEach(*database_, "SELECT key, since, rounds FROM findings", [&](const auto& row) {
    image.findings[row.Text(0)] = {FromUnixSeconds(row.Integer(1)),
                                   static_cast<std::uint64_t>(row.Integer(2))};
  });
  if (!loaded) return loaded;
  return ForEach(
      *database_, "SELECT region_id, node, state, since FROM alerts", [&](const auto& row) {
        image.alerts.push_back(
            {{row.Integer(0), row.Text(1)}, row.Text(2), FromUnixSeconds(row.Integer(3))});
      });
}

Expected<HistoryImage, Error> HistoryStore::Load(History& history) {
  HistoryImage image;
  if (auto opened = Open(); !opened) return Fail(opened.error());
  auto loaded = LoadRows(history);
  if (loaded) loaded = LoadRemembered(image);
  if (loaded) return image;
  const Error error = Within(path_, loaded.error());
  if (error.code == ErrorCode::kProtocol) {
    SetAside(loaded.error().context);
  } else {
    CloseFile();
  }
  return Fail(error);
}

}  // namespace derp::probe
