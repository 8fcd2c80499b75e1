#include "derper/relay/registry/bounded_key_set.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;

namespace {

HashedKey Key(std::uint8_t number) {
  return {NodePublic(std::array<std::uint8_t, kKeySize>{number}), number};
}

}  // namespace

TEST_CASE("a full set of keys lets the oldest go for each newcomer", "[relay]") {
  BoundedKeySet set(3);
  for (std::uint8_t i = 1; i <= 3; ++i) CHECK_FALSE(set.Insert(Key(i)));
  for (std::uint8_t i = 4; i <= 9; ++i) {
    CHECK(set.Insert(Key(i)) == Key(static_cast<std::uint8_t>(i - 3)));
    CHECK(set.size() == 3);
    CHECK(set.contains(Key(i)));
    CHECK_FALSE(set.contains(Key(static_cast<std::uint8_t>(i - 3))));
  }
}

TEST_CASE("a key that was taken out of the set leaves room", "[relay]") {
  BoundedKeySet set(3);
  for (std::uint8_t i = 1; i <= 3; ++i) CHECK_FALSE(set.Insert(Key(i)));
  CHECK(set.Erase(Key(1)));
  CHECK_FALSE(set.Erase(Key(1)));
  CHECK(set.size() == 2);
  CHECK_FALSE(set.Insert(Key(4)));
  CHECK(set.contains(Key(2)));
  CHECK(set.contains(Key(3)));
  while (!set.keys().empty()) CHECK(set.Erase(set.keys().front()));
  CHECK_FALSE(set.contains(Key(4)));
}
