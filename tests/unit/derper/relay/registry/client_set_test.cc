#include "derper/relay/registry/client_set.h"

#include <catch2/catch.hpp>

using namespace derp::relay;

namespace {

constexpr ConnectionRef kA{.worker = 0, .slot = 1, .generation = 0};
constexpr ConnectionRef kB{.worker = 1, .slot = 1, .generation = 0};
constexpr ConnectionRef kC{.worker = 0, .slot = 2, .generation = 0};

}  // namespace

TEST_CASE("a single connection is active until it leaves", "[relay]") {
  ClientSet set;
  CHECK_FALSE(set.active());
  set.Add(kA);
  CHECK(set.active() == kA);
  CHECK_FALSE(set.has_duplicates());
  CHECK_FALSE(set.Heard(kA));
  CHECK(set.Remove(kA));
  CHECK_FALSE(set.active());
  CHECK(set.empty());
}

TEST_CASE("the newcomer is active, then whoever speaks", "[relay]") {
  ClientSet set;
  set.Add(kA);
  set.Add(kB);
  CHECK(set.active() == kB);
  CHECK_FALSE(set.Heard(kB));
  CHECK(set.Heard(kA));
  CHECK(set.active() == kA);
  CHECK(set.Heard(kB));
  CHECK(set.active() == kB);
}

TEST_CASE("when a duplicate leaves the one that remains is active and alone", "[relay]") {
  ClientSet set;
  set.Add(kA);
  set.Add(kB);
  CHECK(set.Remove(kB));
  CHECK(set.active() == kA);
  CHECK_FALSE(set.has_duplicates());
}

TEST_CASE("of three the last that spoke is promoted when the newest leaves", "[relay]") {
  ClientSet set;
  set.Add(kA);
  set.Add(kB);
  set.Heard(kA);
  set.Heard(kB);
  set.Add(kC);
  CHECK(set.active() == kC);
  CHECK(set.Remove(kC));
  CHECK(set.active() == kB);
  CHECK(set.has_duplicates());
}

TEST_CASE("a silent second connection gives way to the first when the newest leaves", "[relay]") {
  ClientSet set;
  set.Add(kA);
  set.Add(kB);
  set.Add(kC);
  CHECK(set.Remove(kC));
  CHECK(set.active() == kA);
}

TEST_CASE("a member that leaves is forgotten by the history", "[relay]") {
  ClientSet set;
  set.Add(kA);
  set.Add(kB);
  set.Add(kC);
  set.Heard(kB);
  set.Heard(kA);
  CHECK(set.Remove(kB));
  CHECK(set.active() == kA);
  CHECK(set.Remove(kA));
  CHECK(set.active() == kC);
}

TEST_CASE("a stranger changes nothing", "[relay]") {
  ClientSet set;
  set.Add(kA);
  set.Add(kB);
  CHECK_FALSE(set.Heard(kC));
  CHECK_FALSE(set.Remove(kC));
  CHECK(set.active() == kB);
  CHECK(set.size() == 2);
}
