// The history as an SQLite file under -state-dir. Blocking; one thread at a time.
//
// The file is in WAL mode with this process as its only user, so that a kill in mid-write costs the
// transaction under way and nothing else. A file that is damaged, foreign or of another schema is
// renamed and a fresh one begun. Bounded by age and by size, oldest rows first.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "derpprobe/history/records.h"
#include "derpprobe/history/sqlite.h"
#include "derpprobe/history/state_lock.h"

namespace derp::probe {

class History;

struct HistoryStoreOptions {
  std::string directory;                 // made with mode 0700 when it is missing
  std::int64_t max_bytes = 256LL << 20;  // of file and write-ahead log together
};

class HistoryStore {
 public:
  static constexpr std::size_t kMostTransitions = 20;  // loaded: as many as the page shows
  static constexpr std::size_t kTransitionsKept = 10'000;

  // `clock` and `logger` must outlive it. Nothing is touched before Open().
  HistoryStore(HistoryStoreOptions options, const Clock& clock, const Logger& logger);
  ~HistoryStore();

  // Directory, lock, file. kExists when another process holds the lock, kInvalidArgument when
  // something else stands where the directory should; after any failure it may be tried again.
  Expected<void, Error> Open();
  bool is_open() const { return database_.has_value(); }

  // What the pages need after a restart: the rounds go into `history`, row by row.
  Expected<HistoryImage, Error> Load(History& history);

  // One transaction, all or nothing; then what is too old or too much goes. A file found damaged
  // here is set aside: the error says so, and the next call begins a fresh one.
  Expected<void, Error> Write(const HistoryBatch& batch);

  // Grows with every fresh file, which lacks all that was written before.
  std::uint64_t files_begun() const { return files_begun_; }

 private:
  struct Statements;

  Expected<void, Error> OpenFile();
  Expected<void, Error> Prepare();
  void SetAside(const std::string& why);
  void CloseFile();
  Expected<std::int64_t, Error> PlaceId(const PlaceKey& place);
  Expected<void, Error> WriteAll(const HistoryBatch& batch);
  Expected<void, Error> WriteRows(const HistoryRows& rows);
  Expected<void, Error> WriteRemembered(const HistoryBatch& batch);
  Expected<void, Error> DropOld();
  Expected<void, Error> DropTooMuch();
  Expected<std::int64_t, Error> BytesUsed();
  Expected<void, Error> LoadPlaces();
  Expected<void, Error> LoadRows(History& history);
  Expected<void, Error> LoadRemembered(HistoryImage& image);

  const HistoryStoreOptions options_;
  const std::string path_;
  const Clock& clock_;
  const Logger& logger_;
  std::optional<StateLock> lock_;
  std::optional<SqlDatabase> database_;
  std::unique_ptr<Statements> statements_;  // of database_
  std::map<PlaceKey, std::int64_t> place_ids_;
  std::int64_t expired_at_ = 0;  // the quarter in which old rows were last looked for
  std::uint64_t files_begun_ = 0;
};

}  // namespace derp::probe
