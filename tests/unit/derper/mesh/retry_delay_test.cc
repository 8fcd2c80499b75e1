#include "derper/mesh/retry_delay.h"

#include <set>

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a mesh link waits longer after each failure, up to five seconds", "[derper][mesh]") {
  SystemRandom random;
  for (const auto& [failures, longest] : {std::pair(0U, 250),
                                          {1U, 250},
                                          {2U, 500},
                                          {3U, 1000},
                                          {5U, 4000},
                                          {6U, 5000},
                                          {7U, 5000},
                                          {4'000'000'000U, 5000}}) {
    CAPTURE(failures);
    for (int i = 0; i < 100; ++i) {
      const Duration delay = MeshRetryDelay(failures, random);
      CHECK(delay <= milliseconds(longest));
      CHECK(delay >= milliseconds(longest / 2));
    }
  }
}

TEST_CASE("the waits of many mesh links are spread", "[derper][mesh]") {
  SystemRandom random;
  std::set<Duration> delays;
  for (int i = 0; i < 200; ++i) delays.insert(MeshRetryDelay(100, random));
  CHECK(delays.size() > 190);
  CHECK(*delays.begin() < milliseconds(3000));
  CHECK(*delays.rbegin() > milliseconds(4500));
}

}  // namespace
}  // namespace derp::relay
