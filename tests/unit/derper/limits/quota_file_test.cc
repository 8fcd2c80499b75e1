#include "derper/limits/quota_file.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "derper/limits/quota_keeper.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::relay;

namespace {

NodePublic Key(std::uint8_t number) {
  std::array<std::uint8_t, kKeySize> raw{};
  raw[31] = number;
  return NodePublic(raw);
}

const QuotaTable kTable{.day = 20778, .used = {{Key(1), 5}, {Key(2), 18446744073709551615U}}};
const std::string kText =
    "derper daily quota 1\nday 2026-11-21\n"
    "nodekey:0000000000000000000000000000000000000000000000000000000000000001 5\n"
    "nodekey:0000000000000000000000000000000000000000000000000000000000000002 "
    "18446744073709551615\n"
    "end 2\n";

std::string WhatIsWrong(std::string_view text) {
  const auto table = ParseQuotaFile(text);
  return table ? "" : table.error().context;
}

}  // namespace

TEST_CASE("days are those of UTC", "[limits]") {
  CHECK(DayOf(FromUnixSeconds(0)) == 0);
  CHECK(DayOf(FromUnixSeconds(86399)) == 0);
  CHECK(DayOf(FromUnixSeconds(86400)) == 1);
  CHECK(DayOf(FromUnixSeconds(-1)) == -1);
  CHECK(DayOf(FromUnixSeconds(-86400)) == -1);
  CHECK(DayText(0) == "1970-01-01");
  CHECK(DayText(20778) == "2026-11-21");
}

TEST_CASE("the bytes of a day survive being written and read", "[limits]") {
  CHECK(QuotaFileText(kTable) == kText);
  const auto read = ParseQuotaFile(kText);
  REQUIRE(read);
  CHECK(read->day == kTable.day);
  CHECK(read->used == kTable.used);
  CHECK(ParseQuotaFile(QuotaFileText({.day = 1, .used = {}}))->used.empty());
}

TEST_CASE("a file that was cut off anywhere is damaged", "[limits]") {
  for (std::size_t cut = 0; cut + 1 < kText.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(ParseQuotaFile(std::string_view(kText).substr(0, cut)));
  }
}

TEST_CASE("damage is told with its line", "[limits]") {
  const std::string head = "derper daily quota 1\nday 2026-11-21\n";
  CHECK(WhatIsWrong("derper daily quota 2\n") == "line 1: not \"derper daily quota 1\"");
  for (const char* day : {"2026-13-01", "2026-02-30", "26-11-21", "yesterday!", "-026-11-21"}) {
    CAPTURE(day);
    CHECK(WhatIsWrong("derper daily quota 1\nday " + std::string(day) + "\nend 0\n") ==
          "line 2: no day");
  }
  CHECK(WhatIsWrong(head + "nodekey:12 5\nend 1\n") == "line 3: not a key and its bytes");
  CHECK(WhatIsWrong(head + Key(1).ToString() + " -5\nend 1\n") ==
        "line 3: not a key and its bytes");
  CHECK(WhatIsWrong(head + Key(1).ToString() + " 5 6\nend 1\n") ==
        "line 3: not a key and its bytes");
  CHECK(WhatIsWrong(head + "end 1\n") == "line 3: the end is not where it should be");
  CHECK(WhatIsWrong(head + "end 0\nend 0\n") == "line 3: the end is not where it should be");
}

TEST_CASE("a keeper writes at intervals and at its end", "[limits]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "state/quotas";
  const Logger logger([](LogLevel, std::string_view) {});
  CHECK(LoadQuotas(path, logger).used.empty());
  std::atomic<int> collected = 0;
  {
    const QuotaKeeper keeper(
        path, std::chrono::milliseconds(1),
        [&] {
          ++collected;
          return kTable;
        },
        logger);
    while (collected < 3) std::this_thread::yield();
    CHECK(FileExists(path));
    CHECK(keeper.failures() == 0);
  }
  CHECK(LoadQuotas(path, logger).used == kTable.used);
  {
    const QuotaKeeper keeper(
        path, std::chrono::hours(1), [] { return QuotaTable{.day = 3, .used = {}}; }, logger);
  }
  CHECK(LoadQuotas(path, logger).day == 3);
  CHECK_FALSE(IsReadableByOthers(path));
}

TEST_CASE("a damaged file is set aside and told", "[limits]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "quotas";
  std::ofstream(path) << "rubbish";
  std::string told;
  const Logger logger([&](LogLevel, std::string_view text) { told += text; });
  CHECK(LoadQuotas(path, logger).used.empty());
  CHECK(told == "derper: daily quotas begin at 0: " + path +
                    ": line 1: not \"derper daily quota 1\"; the file is now " + path + ".damaged");
  CHECK_FALSE(FileExists(path));
  CHECK(*ReadFile(path + ".damaged", 100) == "rubbish");
}

TEST_CASE("a file that cannot be written is counted, and told once", "[limits]") {
  const test::TemporaryDirectory folder;
  std::ofstream(folder / "file") << "";
  int told = 0;
  const Logger logger([&](LogLevel, std::string_view) { ++told; });
  std::atomic<std::int64_t> day = 0;
  {
    const QuotaKeeper keeper(
        folder / "file/quotas", std::chrono::milliseconds(1),
        [&] { return QuotaTable{.day = ++day, .used = {}}; }, logger);
    while (keeper.failures() < 3) std::this_thread::yield();
  }
  CHECK(told == 1);
}
