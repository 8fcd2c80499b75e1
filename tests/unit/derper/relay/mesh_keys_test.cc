#include "derper/relay/mesh_keys.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

namespace derp::relay {
namespace {

MeshKey Key(char digit) { return *MeshKey::Parse(std::string(64, digit)); }

TEST_CASE("one mesh key is accepted, others are not", "[relay][mesh]") {
  const test::FakeClock clock;
  const MeshKeys keys(Key('a'), clock);
  CHECK(keys.Accepts(Key('a')));
  CHECK_FALSE(keys.Accepts(Key('b')));
  CHECK(keys.Current().ConstantTimeEquals(Key('a')));
}

TEST_CASE("the old mesh key is accepted for ten minutes after a change", "[relay][mesh]") {
  test::FakeClock clock;
  MeshKeys keys(Key('a'), clock);
  CHECK(keys.Replace(Key('b')));
  CHECK(keys.Current().ConstantTimeEquals(Key('b')));
  CHECK(keys.Accepts(Key('b')));
  clock.Advance(kOldMeshKeyGrace - std::chrono::seconds(1));
  CHECK(keys.Accepts(Key('a')));
  clock.Advance(std::chrono::seconds(1));
  CHECK_FALSE(keys.Accepts(Key('a')));
  CHECK(keys.Accepts(Key('b')));
}

TEST_CASE("the same mesh key again is no change and does not prolong the old one",
          "[relay][mesh]") {
  test::FakeClock clock;
  MeshKeys keys(Key('a'), clock);
  REQUIRE(keys.Replace(Key('b')));
  clock.Advance(kOldMeshKeyGrace);
  CHECK_FALSE(keys.Replace(Key('b')));
  CHECK_FALSE(keys.Accepts(Key('a')));
}

TEST_CASE("a second change leaves the first old key its own ten minutes", "[relay][mesh]") {
  test::FakeClock clock;
  MeshKeys keys(Key('a'), clock);
  REQUIRE(keys.Replace(Key('b')));
  clock.Advance(kOldMeshKeyGrace / 2);
  REQUIRE(keys.Replace(Key('c')));
  CHECK(keys.Accepts(Key('a')));
  clock.Advance(kOldMeshKeyGrace / 2);
  CHECK_FALSE(keys.Accepts(Key('a')));
  CHECK(keys.Accepts(Key('b')));
}

TEST_CASE("many changes keep no more than the last old keys", "[relay][mesh]") {
  const test::FakeClock clock;
  MeshKeys keys(Key('1'), clock);
  for (const char digit : {'2', '3', '4', '5', '6'}) REQUIRE(keys.Replace(Key(digit)));
  CHECK_FALSE(keys.Accepts(Key('1')));
  CHECK(keys.Accepts(Key('2')));
  CHECK(keys.Accepts(Key('6')));
}

}  // namespace
}  // namespace derp::relay
