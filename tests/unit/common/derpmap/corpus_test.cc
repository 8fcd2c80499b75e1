// Maps as people really write them: tests/data/maps, with what is said of each in one file.
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

#include "common/derpmap/lint.h"
#include "common/derpmap/reader.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::derpmap;

TEST_CASE("each broken map gives exactly its codes, in the map's order", "[derpmap]") {
  const auto expectations = test::ReadJson("map-expectations.json");
  for (const auto& [name, expected] : expectations.items()) {
    CAPTURE(name);
    const auto document = Read(test::ReadData("maps/" + name));
    if (expected.contains("unreadable")) {
      REQUIRE_FALSE(document);
      const std::string error = document.error().ToString();
      CAPTURE(error);
      CHECK(error.starts_with(expected["unreadable"].get<std::string>()));
      continue;
    }
    CAPTURE(document ? "" : document.error().ToString());
    REQUIRE(document);
    std::vector<std::string> codes;
    std::string facts;
    for (const Note& note : Lint(*document)) {
      codes.push_back(note.code);
      facts += note.code + ": " + note.fact + "\n";
    }
    CAPTURE(facts);
    CHECK(codes == expected["codes"].get<std::vector<std::string>>());
  }
}

TEST_CASE("every map of the corpus has its expectation", "[derpmap]") {
  const auto expectations = test::ReadJson("map-expectations.json");
  for (const auto& entry : std::filesystem::directory_iterator(DERP_TEST_DATA "/maps")) {
    CAPTURE(entry.path().filename().string());
    CHECK(expectations.contains(entry.path().filename().string()));
  }
}
