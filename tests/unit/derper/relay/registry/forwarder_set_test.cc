#include "derper/relay/registry/forwarder_set.h"

#include <catch2/catch.hpp>

using namespace derp::relay;
using Added = ForwarderSet::Added;
using Removed = ForwarderSet::Removed;

TEST_CASE("adding a link twice changes nothing", "[relay]") {
  ForwarderSet set;
  CHECK(set.Add(1) == Added::kFirst);
  CHECK(set.Add(1) == Added::kAlreadyThere);
  CHECK(set.preferred() == LinkId{1});
}

TEST_CASE("the oldest link is preferred, then the next in order of arrival", "[relay]") {
  ForwarderSet set;
  CHECK(set.Add(3) == Added::kFirst);
  CHECK(set.Add(1) == Added::kBecameMulti);
  CHECK(set.Add(2) == Added::kOneMore);
  CHECK(set.preferred() == LinkId{3});
  CHECK(set.Remove(3) == Removed::kOneOfSeveral);
  CHECK(set.preferred() == LinkId{1});
  CHECK(set.Add(3) == Added::kOneMore);
  CHECK(set.Remove(1) == Removed::kOneOfSeveral);
  CHECK(set.preferred() == LinkId{2});
}

TEST_CASE("two links collapse to one, one to none", "[relay]") {
  ForwarderSet set;
  set.Add(1);
  set.Add(2);
  CHECK(set.Remove(1) == Removed::kCollapsed);
  CHECK(set.preferred() == LinkId{2});
  CHECK(set.Remove(2) == Removed::kLast);
  CHECK(set.empty());
  CHECK_FALSE(set.preferred());
}

TEST_CASE("removing a link that does not lead there says what was there instead", "[relay]") {
  ForwarderSet set;
  CHECK(set.Remove(1) == Removed::kNotThere);
  set.Add(1);
  CHECK(set.Remove(2) == Removed::kOtherLink);
  set.Add(2);
  CHECK(set.Remove(3) == Removed::kNotThere);
  CHECK(set.preferred() == LinkId{1});
}
