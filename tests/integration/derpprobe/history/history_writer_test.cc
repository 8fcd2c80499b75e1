#include "derpprobe/history/history_writer.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace derp {

namespace fs = std::filesystem;
using diagnosis::Verdict;
using probe::History;
using probe::HistoryBatch;
using probe::HistoryStore;
using probe::HistoryWriter;

namespace {

constexpr auto kNever = std::chrono::hours(1);
constexpr auto kDeadline = std::chrono::seconds(20);

// Counts what the writer asks for, so that a test can wait for it.
struct Fixture {
  test::FakeClock clock;
  test::TemporaryDirectory directory;
  std::string state = directory / "state";
  Mutex mutex;
  CondVar changed;
  int collected = 0;
  std::vector<std::string> logged;
  History history;
  Logger logger{[this](LogLevel, std::string_view text) {
    const MutexLock lock(mutex);
    logged.emplace_back(text);
  }};

  std::unique_ptr<HistoryStore> Store() {
    return std::make_unique<HistoryStore>(probe::HistoryStoreOptions{state}, clock, logger);
  }
  HistoryWriter::Collect Collect() {
    return [this] {
      HistoryBatch batch;
      const MutexLock lock(mutex);
      ++collected;
      changed.NotifyAll();
      batch.transitions = {{clock.WallNow(), "fra", std::to_string(collected), Verdict::kUsable}};
      return batch;
    };
  }
  bool WaitCollected(int times) {
    const MutexLock lock(mutex);
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (collected < times) {
      if (!changed.WaitUntil(mutex, deadline)) return false;
    }
    return true;
  }
  void Round() {
    probe::RoundSample sample;
    sample.verdict = Verdict::kUsable;
    history.Record({5, "5a"}, sample, clock.WallNow());
  }
};

}  // namespace

TEST_CASE("the writer writes when asked and once more at its end", "[history]") {
  Fixture fixture;
  {
    HistoryWriter writer(fixture.Store(), fixture.history, fixture.Collect(), kNever, fixture.clock,
                         fixture.logger);
    fixture.Round();
    writer.WriteSoon();
    REQUIRE(fixture.WaitCollected(1));
    fixture.Round();
    CHECK(writer.failures() == 0);
  }
  History again;
  const auto image = fixture.Store()->Load(again);
  REQUIRE(image);
  CHECK(again.PastOf({5, "5a"}, fixture.clock.WallNow())->day.at(0).rounds == 2);
  CHECK(image->transitions.size() == 2);
}

TEST_CASE("what cannot be written waits, is logged once, and is written when it can be",
          "[history]") {
  Fixture fixture;
  std::ofstream(fixture.state) << "in the way";
  {
    HistoryWriter writer(fixture.Store(), fixture.history, fixture.Collect(), kNever, fixture.clock,
                         fixture.logger);
    fixture.Round();
    writer.WriteSoon();
    REQUIRE(fixture.WaitCollected(1));
    writer.WriteSoon();
    REQUIRE(fixture.WaitCollected(2));
    writer.WriteSoon();
    REQUIRE(fixture.WaitCollected(3));  // the second has failed by now
    CHECK(writer.failures() >= 2);
    const MutexLock lock(fixture.mutex);
    CHECK(fixture.logged.size() == 1);
    fs::remove(fixture.state);
  }
  History again;
  const auto image = fixture.Store()->Load(again);
  REQUIRE(image);
  CHECK(again.PastOf({5, "5a"}, fixture.clock.WallNow())->day.size() == 1);
  CHECK(image->transitions.size() == 4);
}

TEST_CASE("a full disk leaves the service and the rows it has", "[history]") {
  Fixture fixture;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);  // as if no block were left: every write above the limit fails
    auto store = fixture.Store();
    bool good = static_cast<bool>(store->Open());
    const rlimit limit{32 << 10, 32 << 10};
    good = good && setrlimit(RLIMIT_FSIZE, &limit) == 0;
    int failed = 0;
    for (int batch = 0; batch < 20; ++batch) {
      HistoryBatch rows;
      for (int place = 0; place < 500; ++place) {
        rows.rows.days.push_back({{place, "node"}, {20'000 + batch, 1, 1, 1}});
      }
      if (!store->Write(rows)) ++failed;
    }
    _exit(good && failed > 0 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  History again;
  CHECK(fixture.Store()->Load(again));
  for (const auto& entry : fs::directory_iterator(fixture.state)) {
    CHECK(entry.path().filename().string().find("damaged") == std::string::npos);
  }
}

}  // namespace derp
