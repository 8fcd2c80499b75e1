#include "derper/admission/fair_queue.h"

#include <string>

#include <catch2/catch.hpp>

using derp::admission::FairQueue;

namespace {

std::string TakeAll(FairQueue<int, char>& queue) {
  std::string taken;
  while (const auto item = queue.Take()) taken += *item;
  return taken;
}

}  // namespace

TEST_CASE("sources take turns, each in its own order", "[admission]") {
  FairQueue<int, char> queue(100, 100);
  for (const char item : {'a', 'b', 'c', 'd'}) REQUIRE(queue.Add(1, item));
  REQUIRE(queue.Add(2, 'x'));
  REQUIRE(queue.Add(3, 'y'));
  REQUIRE(queue.Add(2, 'z'));
  CHECK(queue.size() == 7);
  CHECK(TakeAll(queue) == "axybzcd");
  CHECK(queue.size() == 0);
}

TEST_CASE("places are limited, in all and for one source", "[admission]") {
  FairQueue<int, char> queue(3, 2);
  CHECK(queue.Add(1, 'a'));
  CHECK(queue.Add(1, 'b'));
  CHECK_FALSE(queue.Add(1, 'c'));
  CHECK(queue.Add(2, 'x'));
  CHECK_FALSE(queue.Add(3, 'y'));
  CHECK(TakeAll(queue) == "axb");
  CHECK(queue.Add(1, 'c'));
}

TEST_CASE("the oldest of a source can be dropped out of turn", "[admission]") {
  FairQueue<int, char> queue(100, 100);
  for (const char item : {'a', 'b'}) REQUIRE(queue.Add(1, item));
  REQUIRE(queue.Add(2, 'x'));
  queue.DropOldest(1);
  queue.DropOldest(2);
  queue.DropOldest(2);
  queue.DropOldest(7);
  CHECK(queue.size() == 1);
  CHECK(TakeAll(queue) == "b");
}
