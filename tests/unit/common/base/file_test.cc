#include "common/base/file.h"

#include <filesystem>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

namespace derp {
namespace {

unsigned ModeOf(const std::string& path) {
  struct stat info{};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

TEST_CASE("what is written is read back and nothing else stays in the folder", "[base][file]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "a";
  REQUIRE(WriteFileAtomically(path, "one", 0600).has_value());
  REQUIRE(WriteFileAtomically(path, std::string("two\0!", 5), 0644).has_value());
  CHECK(ReadFile(path, 5) == std::string("two\0!", 5));
  CHECK(ModeOf(path) == 0644);
  CHECK(IsReadableByOthers(path));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a missing file is told in Go's words", "[base][file]") {
  const auto content = ReadFile("/nonexistent/file", 10);
  REQUIRE(!content.has_value());
  CHECK(content.error().code == ErrorCode::kNotFound);
  CHECK(content.error().context == "open /nonexistent/file: no such file or directory");
  CHECK_FALSE(FileExists("/nonexistent/file"));
}

TEST_CASE("a file above the bound is refused", "[base][file]") {
  const test::TemporaryDirectory folder;
  REQUIRE(WriteFileAtomically(folder / "a", std::string(11, 'x'), 0600).has_value());
  const auto content = ReadFile(folder / "a", 10);
  REQUIRE(!content.has_value());
  CHECK(content.error().code == ErrorCode::kTooLarge);
  CHECK_FALSE(IsReadableByOthers(folder / "a"));
}

TEST_CASE("a directory is not replaced by a file", "[base][file]") {
  const test::TemporaryDirectory folder;
  REQUIRE(MakeDirectories(folder / "d", 0700).has_value());
  const auto written = WriteFileAtomically(folder / "d", "x", 0600);
  REQUIRE(!written.has_value());
  CHECK(written.error().context == folder / "d" + " exists and is not a regular file");
  CHECK(!ReadFile(folder / "d", 10).has_value());
}

TEST_CASE("missing parents are created and existing ones kept", "[base][file]") {
  const test::TemporaryDirectory folder;
  REQUIRE(MakeDirectories(folder / "a/b/c", 0700).has_value());
  REQUIRE(MakeDirectories(folder / "a/b", 0755).has_value());
  CHECK(ModeOf(folder / "a/b/c") == 0700);
  CHECK(ModeOf(folder / "a/b") == 0700);
  REQUIRE(WriteFileAtomically(folder / "f", "", 0600).has_value());
  CHECK_FALSE(MakeDirectories(folder / "f/x", 0700).has_value());
}

TEST_CASE("writing into a missing folder fails and leaves nothing", "[base][file]") {
  const test::TemporaryDirectory folder;
  CHECK_FALSE(WriteFileAtomically(folder / "no/file", "x", 0600).has_value());
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace derp
