#include "derpprobe/history/history_store.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "derpprobe/history/history.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace derp {

namespace fs = std::filesystem;
using diagnosis::Verdict;
using probe::History;
using probe::HistoryBatch;
using probe::HistoryImage;
using probe::HistoryStore;
using probe::kBucketWidth;

namespace {

probe::RoundSample Sample(Verdict verdict) {
  probe::RoundSample sample;
  sample.verdict = verdict;
  sample.round_trip = std::chrono::microseconds(1234);
  sample.sent = 20;
  sample.lost = 1;
  return sample;
}

// A store in a directory of its own, with its clock and what it logged.
struct Fixture {
  test::FakeClock clock;
  test::TemporaryDirectory directory;
  std::vector<std::string> logged;
  Logger logger{[this](LogLevel, std::string_view text) { logged.emplace_back(text); }};

  std::string state() const { return directory / "state"; }
  HistoryStore Store(std::int64_t max_bytes = 256LL << 20) {
    return HistoryStore({state(), max_bytes}, clock, logger);
  }
  HistoryBatch Rounds(History& history, int quarters, int places = 2) {
    for (int quarter = 0; quarter < quarters; ++quarter) {
      clock.Advance(kBucketWidth);
      for (int place = 0; place < places; ++place) {
        history.Record({900 + place, "a"}, Sample(Verdict::kImpaired), clock.WallNow());
      }
    }
    HistoryBatch batch;
    batch.rows = history.TakeChanges();
    return batch;
  }
  // The names beside the lock and the file itself.
  std::vector<std::string> SetAside() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(state())) {
      const std::string name = entry.path().filename().string();
      if (name.find(".damaged-") != std::string::npos) names.push_back(name);
    }
    return names;
  }
};

}  // namespace

TEST_CASE("what is written comes back after a restart", "[history]") {
  Fixture fixture;
  History history;
  HistoryBatch batch = fixture.Rounds(history, 10);
  const WallTime at = FromUnixSeconds(1'794'990'000);
  batch.transitions = {{at, "fra/5b", "cert.expired began", Verdict::kUnusable},
                       {at, "fra", "usable → impaired", Verdict::kImpaired}};
  batch.findings = {{"cert.expired\n5\n5b", {at, 254}}};
  probe::StoredAlert alert;
  alert.place.region_id = 5;
  alert.place.node = "5b";
  alert.state = "down";
  alert.since = at;
  batch.alerts = std::vector<probe::StoredAlert>(1, alert);
  {
    HistoryStore store = fixture.Store();
    REQUIRE(store.Open());
    REQUIRE(store.Write(batch));
  }
  History again;
  HistoryStore store = fixture.Store();
  const auto image = store.Load(again);
  REQUIRE(image);
  const WallTime now = fixture.clock.WallNow();
  CHECK(again.PastOf({900, "a"}, now)->day == history.PastOf({900, "a"}, now)->day);
  CHECK(again.PastOf({901, "a"}, now)->observed == history.PastOf({901, "a"}, now)->observed);
  REQUIRE(image->transitions.size() == 2);
  CHECK(image->transitions[0] == batch.transitions[1]);  // newest first
  CHECK(image->findings == *batch.findings);
  CHECK(image->alerts == *batch.alerts);
  CHECK(fixture.logged.empty());
  struct stat info{};
  REQUIRE(stat(fixture.state().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  REQUIRE(stat((fixture.state() + "/history.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("findings and alerts are replaced as a whole, rows by place and time", "[history]") {
  Fixture fixture;
  History history;
  HistoryStore store = fixture.Store();
  HistoryBatch batch = fixture.Rounds(history, 1);
  batch.findings = {{"a", {fixture.clock.WallNow(), 1}}, {"b", {fixture.clock.WallNow(), 1}}};
  REQUIRE(store.Write(batch));
  history.Record({900, "a"}, Sample(Verdict::kUnusable), fixture.clock.WallNow());
  HistoryBatch next;
  next.rows = history.TakeChanges();
  next.findings = {{"b", {fixture.clock.WallNow(), 2}}};
  REQUIRE(store.Write(next));
  History again;
  const auto image = store.Load(again);
  REQUIRE(image);
  CHECK(image->findings == *next.findings);
  const auto past = again.PastOf({900, "a"}, fixture.clock.WallNow());
  REQUIRE(past->day.size() == 1);
  CHECK(past->day[0].rounds == 2);
  CHECK(past->day[0].worst == Verdict::kUnusable);
}

TEST_CASE("a second user of the directory is refused and told who has it", "[history]") {
  Fixture fixture;
  HistoryStore first = fixture.Store();
  REQUIRE(first.Open());
  HistoryStore second = fixture.Store();
  const auto opened = second.Open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kExists);
  CHECK(opened.error().context == "-state-dir " + fixture.state() +
                                      ": another derpprobe (process " + std::to_string(getpid()) +
                                      ") uses this directory");
}

TEST_CASE("damaged and foreign files are set aside and a fresh one is begun", "[history]") {
  Fixture fixture;
  const std::string path = fixture.state() + "/history.db";
  fs::create_directories(fixture.state());
  SECTION("text") { std::ofstream(path) << std::string(5000, 'x'); }
  SECTION("another program's database") {
    auto other = probe::SqlDatabase::Open(path);
    REQUIRE(other);
    REQUIRE(other->Execute("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);"));
  }
  SECTION("another schema") {
    auto other = probe::SqlDatabase::Open(path);
    REQUIRE(other);
    REQUIRE(other->Execute(
        "CREATE TABLE buckets (x); PRAGMA application_id=1684370032; PRAGMA user_version=99;"));
  }
  SECTION("a copy that was cut off") {
    {
      History history;
      HistoryStore store = fixture.Store();
      REQUIRE(store.Write(fixture.Rounds(history, 90, 50)));
    }
    fs::resize_file(path, fs::file_size(path) / 2);
  }
  SECTION("overwritten pages") {
    {
      History history;
      HistoryStore store = fixture.Store();
      REQUIRE(store.Write(fixture.Rounds(history, 90, 50)));
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
    file << std::string(8192, '\xaa');
  }
  History history;
  HistoryStore store = fixture.Store();
  REQUIRE(store.Write(fixture.Rounds(history, 2)));
  CHECK(store.files_begun() == 1);
  CHECK(fixture.SetAside().size() == 1);
  REQUIRE(fixture.logged.size() == 1);
  CHECK(fixture.logged[0].find("set aside as " + path + ".damaged-20") != std::string::npos);
  History again;
  REQUIRE(store.Load(again));
  CHECK(again.PastOf({900, "a"}, fixture.clock.WallNow())->day.size() == 2);
}

TEST_CASE("an empty file is no damage", "[history]") {
  Fixture fixture;
  fs::create_directories(fixture.state());
  std::ofstream(fixture.state() + "/history.db").close();
  HistoryStore store = fixture.Store();
  REQUIRE(store.Open());
  CHECK(fixture.SetAside().empty());
}

TEST_CASE("the size is bounded and the oldest quarters go first", "[history]") {
  Fixture fixture;
  constexpr std::int64_t kLimit = 3 << 20;
  HistoryStore store = fixture.Store(kLimit);
  History history;
  for (int quarter = 0; quarter < 120; ++quarter) {
    REQUIRE(store.Write(fixture.Rounds(history, 1, 600)));
    std::uintmax_t size = 0;
    for (const auto& entry : fs::directory_iterator(fixture.state())) size += entry.file_size();
    REQUIRE(size <= static_cast<std::uintmax_t>(kLimit));
  }
  History again;
  REQUIRE(store.Load(again));
  const auto past = again.PastOf({900, "a"}, fixture.clock.WallNow());
  REQUIRE_FALSE(past->day.empty());
  CHECK(past->day.size() < 96);
  CHECK(past->day.back().number == probe::BucketNumber(fixture.clock.WallNow()));
  CHECK(past->observed > std::chrono::hours(28));  // the days outlive their quarters
}

TEST_CASE("what is older than 31 days goes", "[history]") {
  Fixture fixture;
  HistoryStore store = fixture.Store();
  History history;
  HistoryBatch batch = fixture.Rounds(history, 1);
  batch.transitions = {{fixture.clock.WallNow(), "fra", "old", Verdict::kUsable}};
  REQUIRE(store.Write(batch));
  fixture.clock.Advance(std::chrono::hours(24 * 32));
  history.Expire(fixture.clock.WallNow());
  REQUIRE(store.Write(HistoryBatch{}));
  History again;
  const auto image = store.Load(again);
  REQUIRE(image);
  CHECK(image->transitions.empty());
  CHECK(again.bytes() == 0);
}

TEST_CASE("a process killed in mid-write leaves whole batches", "[history]") {
  Fixture fixture;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    HistoryStore store = fixture.Store();
    History history;
    for (int batch = 0;; ++batch) {
      const HistoryBatch rows = fixture.Rounds(history, 1, 200);
      if (!store.Write(rows)) _exit(1);
      if (batch == 5 && write(ready[1], "x", 1) != 1) _exit(1);
    }
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  REQUIRE(kill(child, SIGKILL) == 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  close(ready[0]);
  close(ready[1]);
  fixture.clock.Advance(6 * kBucketWidth);  // as far as the child is known to have come
  History again;
  HistoryStore store = fixture.Store();
  REQUIRE(store.Load(again));
  CHECK(fixture.SetAside().empty());
  const auto first = again.PastOf({900, "a"}, fixture.clock.WallNow());
  const auto last = again.PastOf({900 + 199, "a"}, fixture.clock.WallNow());
  CHECK(first->day.size() == 6);
  CHECK(first->day == last->day);
}

TEST_CASE("a directory that cannot be made is an error that can be tried again", "[history]") {
  Fixture fixture;
  std::ofstream(fixture.state()) << "in the way";
  HistoryStore store = fixture.Store();
  History history;
  HistoryBatch batch = fixture.Rounds(history, 1);
  const auto failed = store.Write(batch);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::kInvalidArgument);
  fs::remove(fixture.state());
  CHECK(store.Write(batch));
}

}  // namespace derp
