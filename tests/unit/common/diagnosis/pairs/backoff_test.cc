#include "common/diagnosis/pairs/backoff.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;
using namespace std::chrono_literals;

TEST_CASE("waits double from one second to sixty, with jitter", "[pairs]") {
  SystemRandom random;
  Backoff backoff(random);
  Duration step = 1s;
  for (int i = 0; i < 10; ++i) {
    const Duration wait = backoff.Next(59s);
    CHECK(wait >= step * 3 / 4);
    CHECK(wait <= step);
    step = std::min<Duration>(step * 2, 60s);
  }
}

TEST_CASE("a minute of health starts the waits anew", "[pairs]") {
  SystemRandom random;
  Backoff backoff(random);
  for (int i = 0; i < 5; ++i) backoff.Next({});
  CHECK(backoff.Next({}) > 20s);
  CHECK(backoff.Next(60s) <= 1s);
}
