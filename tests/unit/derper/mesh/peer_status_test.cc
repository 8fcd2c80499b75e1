#include "derper/mesh/peer_status.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

struct Fixture {
  PeerStatus status;
  TimePoint now{std::chrono::hours(1)};

  // A second later.
  std::string Tick(bool up, std::size_t peers) {
    now += std::chrono::seconds(1);
    return status.Tick(up, peers, now).value_or("");
  }
};

TEST_CASE("a link tells its peers once they have settled", "[derper][mesh]") {
  Fixture f;
  CHECK(f.Tick(false, 0).empty());
  CHECK(f.Tick(true, 40).empty());
  CHECK(f.Tick(true, 90).empty());
  CHECK(f.Tick(true, 90) == "connected; 90 peers");
  CHECK(f.Tick(true, 90).empty());
}

TEST_CASE("peers that do not settle are told after two seconds", "[derper][mesh]") {
  Fixture f;
  CHECK(f.Tick(true, 1).empty());
  CHECK(f.Tick(true, 2).empty());
  CHECK(f.Tick(true, 3) == "connected; 3 peers");
}

TEST_CASE("changes are told at most every ten seconds, and what stays the same never",
          "[derper][mesh]") {
  Fixture f;
  CHECK(f.Tick(true, 5).empty());
  CHECK(f.Tick(true, 5) == "connected; 5 peers");
  for (int i = 0; i < 9; ++i) CHECK(f.Tick(true, 6).empty());
  CHECK(f.Tick(true, 7) == "7 peers");
  for (int i = 0; i < 30; ++i) CHECK(f.Tick(true, 7).empty());
  CHECK(f.Tick(true, 8) == "8 peers");
}

TEST_CASE("after a break the link tells again that it is connected", "[derper][mesh]") {
  Fixture f;
  CHECK(f.Tick(true, 0).empty());
  CHECK(f.Tick(true, 0) == "connected; 0 peers");
  CHECK(f.Tick(false, 0).empty());
  CHECK(f.Tick(true, 0).empty());
  CHECK(f.Tick(true, 0) == "connected; 0 peers");
}

}  // namespace
}  // namespace derp::relay
