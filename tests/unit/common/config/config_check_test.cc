#include "common/config/config_check.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/temporary_directory.h"

namespace derp::config {

TEST_CASE("what is wrong is marked and stays wrong", "[config]") {
  ConfigCheck check;
  check.Say("flags: ok");
  CHECK(check.status == 0);
  check.Wrong("key file /x: not there");
  check.Say("map: ok");
  CHECK(check.text == "flags: ok\nerror: key file /x: not there\nmap: ok\n");
  CHECK(check.status == 2);
}

TEST_CASE("a directory that is to be made needs a parent that lets us", "[config]") {
  const test::TemporaryDirectory directory;
  CHECK(FindMakeProblem(directory.path()) == std::nullopt);
  CHECK(FindMakeProblem(directory / "new/and/deep") == std::nullopt);
  CHECK_FALSE(std::filesystem::exists(directory / "new"));

  const std::string file = directory / "file";
  std::ofstream(file) << "x";
  CHECK(FindMakeProblem(file) == file + " is no directory");
  CHECK(FindMakeProblem(file + "/below") == file + " is no directory");

  if (geteuid() == 0) return;  // who may do anything
  std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_read);
  const auto problem = FindMakeProblem(directory.path());
  std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_all);
  CHECK(problem == directory.path() + " cannot be written to");
}

}  // namespace derp::config
