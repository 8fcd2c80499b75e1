#include "common/diagnosis/pairs/expiry_table.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{100s};

}  // namespace

TEST_CASE("a packet is found once, with the time it took", "[pairs]") {
  ExpiryTable table(10, 5s);
  CHECK(table.Add(0, kStart) == 0);
  CHECK(table.Add(1, kStart + 100ms) == 0);
  CHECK(table.Take(1, kStart + 130ms) == Duration(30ms));
  CHECK_FALSE(table.Take(1, kStart + 140ms));
  CHECK(table.Take(0, kStart + 150ms) == Duration(150ms));
  CHECK_FALSE(table.Take(7, kStart + 150ms));
  CHECK(table.outstanding() == 0);
}

TEST_CASE("what is as old as the time-out is given up", "[pairs]") {
  ExpiryTable table(10, 5s);
  table.Add(0, kStart);
  table.Add(1, kStart + 1s);
  CHECK(table.Expire(kStart + 5s - 1ns) == 0);
  CHECK(table.Expire(kStart + 5s) == 1);
  CHECK_FALSE(table.Take(0, kStart + 5s));
  CHECK(table.Expire(kStart + 10s) == 1);
  CHECK(table.Expire(kStart + 10s) == 0);
}

TEST_CASE("the table holds rate times time-out and one more; beyond that the oldest goes",
          "[pairs]") {
  ExpiryTable table(3, 1500ms);
  REQUIRE(table.capacity() == 6);
  for (std::uint64_t i = 0; i < 6; ++i) CHECK(table.Add(i, kStart) == 0);
  CHECK(table.Add(6, kStart) == 1);
  CHECK_FALSE(table.Take(0, kStart));
  CHECK(table.Take(1, kStart));
  CHECK(table.outstanding() == 5);
}

TEST_CASE("no flag makes the table take all memory", "[pairs]") {
  CHECK(ExpiryTable(1'000'000'000'000, 1000h).capacity() == 1'000'001);
}
