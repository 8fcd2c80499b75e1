#include "derpprobe/history/history_store.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <utility>

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/net/fd.h"
#include "derpprobe/history/history_schema.h"
#include "derpprobe/history/place_record.h"

namespace derp::probe {

namespace {

using diagnosis::Verdict;

static_assert(static_cast<int>(Verdict::kUsable) == 0 &&
                  static_cast<int>(Verdict::kImpaired) == 1 &&
                  static_cast<int>(Verdict::kUnusable) == 2 &&
                  static_cast<int>(Verdict::kUnknown) == 3,
              "stored as numbers");

constexpr std::int64_t kLogBytes = 2 << 20;  // twice where it is folded into the file
constexpr std::int64_t kDaySeconds = 24 * 3600;

// A quick look before every use: a damaged page would only be met hours later.
constexpr std::string_view kCheck = "PRAGMA quick_check(1)";

// No other process is let in, so the log needs no shared memory; at most a few MiB wait in it.
constexpr const char* kSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=256;"
    "PRAGMA journal_size_limit=1048576; PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY;";

SqlValue Micros(const std::optional<Duration>& duration) {
  if (!duration) return std::monostate();
  return std::int64_t{std::chrono::duration_cast<std::chrono::microseconds>(*duration).count()};
}

// "20261121T111023Z", fit for a file's name.
std::string CompactTime(WallTime time) {
  std::string text = FormatRfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// Why the file is not to be used; empty when it is ours, whole and of this schema. `fresh`: it
// holds nothing yet.
Expected<std::string, Error> WhyNot(SqlDatabase& database, bool& fresh) {
  const auto application = database.AskInteger("PRAGMA application_id");
  if (!application) return Fail(application.error());
  const auto version = database.AskInteger("PRAGMA user_version");
  if (!version) return Fail(version.error());
  const auto tables = database.AskInteger("SELECT count(*) FROM sqlite_schema");
  if (!tables) return Fail(tables.error());
  fresh = *application == 0 && *version == 0 && *tables == 0;
  if (fresh) return std::string();
  if (*application != kApplicationId) return std::string("it is no history of derpprobe");
  if (*version != kSchemaVersion) {
    return fmt::format("its schema is {}, this program's {}", *version, kSchemaVersion);
  }
  const auto check = database.Ask(kCheck);
  if (!check) return Fail(check.error());
  return *check == "ok" ? std::string() : "it is damaged: " + *check;
}

}  // namespace

struct HistoryStore::Statements {
  SqlStatement place;
  SqlStatement bucket;
  SqlStatement day;
  SqlStatement transition;
  SqlStatement finding;
  SqlStatement alert;
  SqlStatement oldest_quarter;
  SqlStatement pages;
};

HistoryStore::HistoryStore(HistoryStoreOptions options, const Clock& clock, const Logger& logger)
    : options_(std::move(options)),
      path_(options_.directory + "/history.db"),
      clock_(clock),
      logger_(logger) {}

HistoryStore::~HistoryStore() { CloseFile(); }

Expected<void, Error> HistoryStore::Open() {
  if (is_open()) return {};
  const std::string doing = "-state-dir " + options_.directory;
  if (auto made = MakeDirectories(options_.directory, 0700); !made) {
    Error error = Within(doing, made.error());
    if (error.code == ErrorCode::kExists) error.code = ErrorCode::kInvalidArgument;  // a file
    return Fail(std::move(error));
  }
  if (!lock_) {
    auto lock = StateLock::Take(options_.directory + "/lock");
    if (!lock) return Fail(Within(doing, lock.error()));
    lock_.emplace(std::move(*lock));
  }
  auto opened = OpenFile();
  if (!opened && opened.error().code == ErrorCode::kProtocol) {
    SetAside(opened.error().context);
    opened = OpenFile();
  }
  if (!opened) {
    CloseFile();
    return Fail(Within(path_, opened.error()));
  }
  return {};
}

Expected<void, Error> HistoryStore::OpenFile() {
  // SQLite would make it readable by others; its log takes over the file's mode. Closed before
  // SQLite locks the file: a later close would give its locks back (POSIX).
  net::Fd file(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return Fail(SystemError("open", errno));
  file.Close();
  auto database = SqlDatabase::Open(path_);
  if (!database) return Fail(database.error());
  database_.emplace(std::move(*database));
  const auto exclusive =
      database_->Execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA busy_timeout=1000;");
  if (!exclusive) return exclusive;
  bool fresh = false;
  const auto why_not = WhyNot(*database_, fresh);
  if (!why_not) return Fail(why_not.error());
  if (!why_not->empty()) return Fail(Error{ErrorCode::kProtocol, *why_not, 0});
  if (auto set = database_->Execute(kSettings); !set) return set;
  if (fresh) {
    const std::string sql =
        fmt::format("BEGIN IMMEDIATE; {} PRAGMA application_id={}; PRAGMA user_version={}; COMMIT;",
                    kSchema, kApplicationId, kSchemaVersion);
    if (auto made = database_->Execute(sql); !made) return made;
    ++files_begun_;
  }
  if (auto prepared = Prepare(); !prepared) return prepared;
  return LoadPlaces();
}

Expected<void, Error> HistoryStore::Prepare() {
  std::vector<SqlStatement> made;
  for (const std::string_view sql :
       {"INSERT INTO places (region_id, node) VALUES (?, ?) "
        "ON CONFLICT (region_id, node) DO UPDATE SET node = excluded.node RETURNING id",
        "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?, ?)",
        "INSERT INTO transitions (at, place, text, state) VALUES (?, ?, ?, ?)",
        "INSERT OR REPLACE INTO findings VALUES (?, ?, ?)",
        "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)",
        "DELETE FROM buckets WHERE number = (SELECT min(number) FROM buckets)",
        "SELECT (SELECT page_count FROM pragma_page_count()) - "
        "(SELECT freelist_count FROM pragma_freelist_count())"}) {
    auto statement = database_->Prepare(sql);
    if (!statement) return Fail(statement.error());
    made.push_back(std::move(*statement));
  }
  statements_ = std::make_unique<Statements>(
      Statements{std::move(made[0]), std::move(made[1]), std::move(made[2]), std::move(made[3]),
                 std::move(made[4]), std::move(made[5]), std::move(made[6]), std::move(made[7])});
  return {};
}

void HistoryStore::CloseFile() {
  statements_.reset();
  place_ids_.clear();
  database_.reset();
}

void HistoryStore::SetAside(const std::string& why) {
  CloseFile();
  const std::string aside = fmt::format("{}.damaged-{}", path_, CompactTime(clock_.WallNow()));
  if (std::rename(path_.c_str(), aside.c_str()) != 0) {
    logger_.Error("history: {}: {}; it cannot be set aside: {}", path_, why, ErrnoText(errno));
    return;
  }
  // The log belongs to it and may hold its last rows.
  (void)std::rename((path_ + "-wal").c_str(), (aside + "-wal").c_str());
  (void)std::rename((path_ + "-journal").c_str(), (aside + "-journal").c_str());
  (void)std::remove((path_ + "-shm").c_str());
  logger_.Warn("history: {}: {}; set aside as {}, a fresh one is begun", path_, why, aside);
}

Expected<std::int64_t, Error> HistoryStore::PlaceId(const PlaceKey& place) {
  if (const auto known = place_ids_.find(place); known != place_ids_.end()) return known->second;
  SqlStatement& statement = statements_->place;
  if (auto started = statement.Start({place.region_id, place.node}); !started) {
    return Fail(started.error());
  }
  const auto row = statement.Next();
  if (!row) return Fail(row.error());
  const std::int64_t id = *row ? statement.Integer(0) : 0;
  if (const auto end = statement.Next(); !end) return Fail(end.error());
  place_ids_[place] = id;
  return id;
}

Expected<void, Error> HistoryStore::Write(const HistoryBatch& batch) {
  if (auto opened = Open(); !opened) return opened;
  auto written = database_->Execute("BEGIN IMMEDIATE");
  if (written) written = WriteAll(batch);
  if (written) written = database_->Execute("COMMIT");
  if (written) return {};
  const Error error = Within(path_, written.error());
  (void)database_->Execute("ROLLBACK");
  place_ids_.clear();  // those the transaction made are gone
  if (error.code == ErrorCode::kProtocol) {
    SetAside(written.error().context);
  } else if (error.code != ErrorCode::kResource) {
    CloseFile();  // The next call looks at the file anew; a full disk gives no reason to.
  }
  return Fail(error);
}

Expected<void, Error> HistoryStore::WriteAll(const HistoryBatch& batch) {
  if (auto rows = WriteRows(batch.rows); !rows) return rows;
  if (auto remembered = WriteRemembered(batch); !remembered) return remembered;
  if (auto old = DropOld(); !old) return old;
  return DropTooMuch();
}

Expected<void, Error> HistoryStore::WriteRows(const HistoryRows& rows) {
  for (const BucketRow& row : rows.buckets) {
    const auto id = PlaceId(row.place);
    if (!id) return Fail(id.error());
    const PastBucket& bucket = row.bucket;
    const auto run = statements_->bucket.Run(
        {bucket.number, *id, std::int64_t{bucket.rounds}, std::int64_t{bucket.available},
         static_cast<std::int64_t>(bucket.worst), Micros(bucket.p10), Micros(bucket.median),
         Micros(bucket.p90), std::int64_t{bucket.sent}, std::int64_t{bucket.lost}});
    if (!run) return run;
  }
  for (const DayRow& row : rows.days) {
    const auto id = PlaceId(row.place);
    if (!id) return Fail(id.error());
    const auto run =
        statements_->day.Run({std::int64_t{row.day.day}, *id, std::int64_t{row.day.rounds},
                              std::int64_t{row.day.available}, std::int64_t{row.day.quarters}});
    if (!run) return run;
  }
  return {};
}

Expected<void, Error> HistoryStore::WriteRemembered(const HistoryBatch& batch) {
  for (const StoredTransition& transition : batch.transitions) {
    const auto run =
        statements_->transition.Run({UnixSeconds(transition.at), transition.place, transition.text,
                                     static_cast<std::int64_t>(transition.state)});
    if (!run) return run;
  }
  if (batch.findings) {
    if (auto none = database_->Execute("DELETE FROM findings"); !none) return none;
    for (const auto& [key, finding] : *batch.findings) {
      const auto run = statements_->finding.Run(
          {key, UnixSeconds(finding.since), static_cast<std::int64_t>(finding.rounds)});
      if (!run) return run;
    }
  }
  if (batch.alerts) {
    if (auto none = database_->Execute("DELETE FROM alerts"); !none) return none;
    for (const StoredAlert& alert : *batch.alerts) {
      const auto run = statements_->alert.Run(
          {alert.place.region_id, alert.place.node, alert.state, UnixSeconds(alert.since)});
      if (!run) return run;
    }
  }
  return {};
}

Expected<void, Error> HistoryStore::DropOld() {
  const std::int64_t now = UnixSeconds(clock_.WallNow());
  const std::int64_t quarter = BucketNumber(clock_.WallNow());
  if (quarter == expired_at_) return {};
  expired_at_ = quarter;
  const std::int64_t first_day = now / kDaySeconds - kDaysKept + 1;
  auto dropped = database_->Execute(
      fmt::format("DELETE FROM buckets WHERE number < {}; DELETE FROM days WHERE day < {};"
                  "DELETE FROM transitions WHERE at < {};"
                  "DELETE FROM transitions WHERE id <= (SELECT max(id) FROM transitions) - {};",
                  first_day * static_cast<std::int64_t>(kDayBuckets), first_day,
                  first_day * kDaySeconds, kTransitionsKept));
  if (!dropped) return dropped;
  dropped = database_->Execute("DELETE FROM places WHERE id NOT IN (SELECT place FROM days)");
  if (dropped && database_->changes() > 0) place_ids_.clear();
  return dropped;
}

Expected<std::int64_t, Error> HistoryStore::BytesUsed() {
  SqlStatement& statement = statements_->pages;
  if (auto started = statement.Start({}); !started) return Fail(started.error());
  const auto row = statement.Next();
  if (!row) return Fail(row.error());
  const std::int64_t pages = statement.Integer(0);
  if (const auto end = statement.Next(); !end) return Fail(end.error());
  return pages * 4096;
}

// The file itself never shrinks; what is freed in it is used again. Some of the bound is left for
// the write-ahead log and for what one batch adds before this looks.
Expected<void, Error> HistoryStore::DropTooMuch() {
  const std::int64_t limit = options_.max_bytes - options_.max_bytes / 16 - kLogBytes;
  for (;;) {
    const auto used = BytesUsed();
    if (!used) return Fail(used.error());
    if (*used <= limit) return {};
    if (auto dropped = statements_->oldest_quarter.Run({}); !dropped) return dropped;
    if (database_->changes() > 0) continue;
    const auto dropped = database_->Execute(
        "DELETE FROM transitions WHERE id <= (SELECT (min(id) + max(id)) / 2 FROM transitions);"
        "DELETE FROM days WHERE day = (SELECT min(day) FROM days)");
    if (!dropped) return dropped;
    if (database_->changes() == 0) return {};
  }
}

}  // namespace derp::probe
