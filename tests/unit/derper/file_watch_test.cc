#include "derper/file_watch.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace derp::relay {
namespace {

// Two files that belong together: equal when they fit.
struct Fixture {
  test::TemporaryDirectory folder;
  const std::string one = folder / "one";
  const std::string two = folder / "two";
  test::FakeClock clock;
  int reloads = 0;
  std::vector<std::string> told;
  std::unique_ptr<FileWatch> watch;

  Fixture() {
    Write(one, "a");
    Write(two, "a");
    watch = std::make_unique<FileWatch>(
        std::vector{one, two}, [this] { return Reload(); },
        [this](const auto& outcome) { told.push_back(Text(outcome)); }, clock);
  }

  static void Write(const std::string& path, std::string_view text) {
    REQUIRE(WriteFileAtomically(path, text, 0600).has_value());
  }
  static std::string Text(const Expected<std::string, Error>& outcome) {
    return outcome ? *outcome : "error: " + outcome.error().context;
  }
  Expected<std::string, Error> Reload() {
    ++reloads;
    const auto first = ReadFile(one, 100);
    const auto second = ReadFile(two, 100);
    if (!first || !second || *first != *second) {
      return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = "they do not fit"});
    }
    return "now " + *first;
  }
  void Poll(Duration after = std::chrono::seconds(2)) {
    clock.Advance(after);
    watch->Poll();
  }
};

using Lines = std::vector<std::string>;

TEST_CASE("files that stay are not read again", "[derper][watch]") {
  Fixture f;
  f.Poll();
  f.Poll();
  CHECK(f.reloads == 0);
}

TEST_CASE("a pair that changes one file after the other is taken when it fits", "[derper][watch]") {
  Fixture f;
  f.Write(f.one, "b");
  f.Poll();
  CHECK(f.reloads == 1);
  CHECK(f.told.empty());
  f.Write(f.two, "b");
  f.Poll();
  CHECK(f.told == Lines{"now b"});
  f.Poll(FileWatch::kPatience);
  CHECK(f.reloads == 2);
  CHECK(f.told.size() == 1);
}

TEST_CASE("a pair that stays wrong is told once, and again only when it changed",
          "[derper][watch]") {
  Fixture f;
  f.Write(f.one, "b");
  f.Poll();
  f.Poll(FileWatch::kPatience - std::chrono::seconds(1));
  CHECK(f.told.empty());
  f.Poll();
  CHECK(f.told == Lines{"error: they do not fit"});
  f.Poll(FileWatch::kPatience);
  CHECK(f.told.size() == 1);
  std::filesystem::remove(f.two);
  f.Poll();
  f.Poll(FileWatch::kPatience);
  CHECK(f.told.size() == 2);
  f.Write(f.two, "b");
  f.Poll();
  CHECK(f.told.back() == "now b");
}

TEST_CASE("a link that is turned to other files is seen", "[derper][watch]") {
  Fixture f;
  f.Write(f.folder / "other", "a");
  std::filesystem::remove(f.one);
  std::filesystem::create_symlink(f.folder / "other", f.one);
  f.Poll();
  CHECK(f.told == Lines{"now a"});
}

TEST_CASE("a reload that was asked for is not repeated by the watch", "[derper][watch]") {
  Fixture f;
  f.Write(f.one, "b");
  CHECK(f.Text(f.watch->ReloadNow()) == "error: they do not fit");
  f.Poll();
  f.Poll(FileWatch::kPatience);
  CHECK(f.reloads == 1);
  CHECK(f.told.empty());
}

}  // namespace
}  // namespace derp::relay
