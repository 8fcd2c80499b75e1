#include "tests/bench/load/sequence_check.h"

#include <catch2/catch.hpp>

namespace derp::load {
namespace {

using Verdict = SequenceCheck::Verdict;

TEST_CASE("numbers in order are next in line", "[load][sequence]") {
  SequenceCheck check;
  for (std::uint64_t i = 0; i < 5000; ++i) REQUIRE(check.Take(i) == Verdict::kNext);
  CHECK(check.next() == 5000);
  CHECK(check.received() == 5000);
}

TEST_CASE("a gap is not filled by what follows it", "[load][sequence]") {
  SequenceCheck check;
  check.Take(0);
  CHECK(check.Take(3) == Verdict::kAfterGap);
  CHECK(check.Take(4) == Verdict::kNext);
  CHECK(check.next() == 5);
  CHECK(check.received() == 3);
}

TEST_CASE("a missing number that comes after all is late, once", "[load][sequence]") {
  SequenceCheck check;
  check.Take(0);
  check.Take(3);
  CHECK(check.Take(1) == Verdict::kLate);
  CHECK(check.Take(1) == Verdict::kDuplicate);
  CHECK(check.Take(2) == Verdict::kLate);
  CHECK(check.received() == 4);
  CHECK(check.next() == 4);
}

TEST_CASE("a number seen before is a duplicate", "[load][sequence]") {
  SequenceCheck check;
  for (std::uint64_t i = 0; i < 3000; ++i) check.Take(i);
  CHECK(check.Take(2999) == Verdict::kDuplicate);
  CHECK(check.Take(3000 - SequenceCheck::kRemembered) == Verdict::kDuplicate);
  CHECK(check.received() == 3000);
}

TEST_CASE("what was seen before a wide gap is not taken for what is missing in it",
          "[load][sequence]") {
  SequenceCheck check;
  for (std::uint64_t i = 0; i < 2000; ++i) check.Take(i);
  CHECK(check.Take(10'000) == Verdict::kAfterGap);
  CHECK(check.Take(9'990) == Verdict::kLate);
  CHECK(check.Take(9'990) == Verdict::kDuplicate);
  CHECK(check.Take(10'000) == Verdict::kDuplicate);
}

TEST_CASE("what is too far behind to be looked up is late", "[load][sequence]") {
  SequenceCheck check;
  check.Take(5000);
  CHECK(check.Take(1) == Verdict::kLate);
}

}  // namespace
}  // namespace derp::load
