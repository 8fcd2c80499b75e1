#include "derpprobe/service/greeting_history.h"

#include <string_view>

#include <catch2/catch.hpp>

using namespace derp;
using derp::probe::GreetingHistory;

namespace {

NodePublic Key(char letter) {
  std::array<std::uint8_t, 32> raw{};
  raw[0] = static_cast<std::uint8_t>(letter);
  return NodePublic(raw);
}

// The keys found to alternate after rounds that were greeted by these, one letter each.
std::set<NodePublic> After(std::string_view rounds) {
  GreetingHistory history;
  for (const char letter : rounds) history.Add(Key(letter));
  return history.Alternating();
}

}  // namespace

TEST_CASE("one key, or one that changed for good, is one relay", "[service][greetings]") {
  CHECK(After("").empty());
  CHECK(After("AAAA").empty());
  CHECK(After("AAAB").empty());
  CHECK(After("AABBBB").empty());
  CHECK(After("AABBCC").empty());  // a relay that forgets its key at every start
}

TEST_CASE("a key that comes back means several relays", "[service][greetings]") {
  CHECK(After("ABA") == std::set<NodePublic>{Key('A'), Key('B')});
  CHECK(After("AAABBBA").size() == 2);
  CHECK(After("ABCA").size() == 3);
}

TEST_CASE("what is long ago is forgotten", "[service][greetings]") {
  CHECK(After("ABA" + std::string(GreetingHistory::kRemembered - 3, 'A')).empty() == false);
  CHECK(After("ABA" + std::string(GreetingHistory::kRemembered - 2, 'A')).empty());
}
