#include "derpprobe/once/output_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;

namespace {

unsigned ModeOf(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return static_cast<unsigned>(status.st_mode) & 07777U;
}

}  // namespace

TEST_CASE("a new file is readable by all, an old one keeps its mode", "[derpprobe][output]") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/report";
  REQUIRE(WriteOutput(path, "first"));
  CHECK(ModeOf(path) == 0644);
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  REQUIRE(WriteOutput(path, "second"));
  CHECK(ModeOf(path) == 0640);
  CHECK(*ReadFile(path, 100) == "second");
}

TEST_CASE("what cannot be written is named and left as it was", "[derpprobe][output]") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/none/report";
  const auto written = WriteOutput(path, "text");
  REQUIRE_FALSE(written);
  CHECK(written.error().context.starts_with("-output " + path + ": "));
  CHECK_FALSE(WriteOutput(folder.path(), "text"));  // a directory
}
