#include "derper/relay/connection/home_note.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;
using Change = HomeNote::Change;

TEST_CASE("a change of home counts as a move from the sixth second on", "[relay]") {
  const TimePoint start{std::chrono::hours(1)};
  const auto at = [&](int milliseconds) { return start + std::chrono::milliseconds(milliseconds); };
  HomeNote home(start);
  CHECK_FALSE(home.is_home());
  CHECK(home.Note(false, at(1)) == Change::kNone);
  CHECK(home.Note(true, at(2)) == Change::kEarly);
  CHECK(home.Note(true, at(3)) == Change::kNone);
  CHECK(home.is_home());
  CHECK(home.Note(false, at(5000)) == Change::kEarly);
  CHECK(home.Note(true, at(5001)) == Change::kMoved);
  CHECK(home.Note(true, at(9000)) == Change::kNone);
  CHECK(home.Note(false, at(9001)) == Change::kMoved);
  CHECK_FALSE(home.is_home());
}
