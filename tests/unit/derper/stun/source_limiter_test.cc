#include "derper/stun/source_limiter.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/fixed_random.h"

namespace derp::relay {
namespace {

IpAddress At(const char* text) { return IpAddress::Parse(text).value(); }

// `index` as an IPv4 address.
IpAddress Numbered(std::uint32_t index) {
  std::array<std::uint8_t, 4> bytes{};
  StoreU32Be(bytes.data(), index);
  return IpAddress::V4(bytes);
}

struct Fixture {
  test::FakeClock clock;
  test::FixedRandom random;
  SourceLimiter limiter{2, 3, random};

  unsigned Allowed(const IpAddress& source, unsigned tries) {
    unsigned allowed = 0;
    for (unsigned i = 0; i < tries; ++i) allowed += limiter.Allow(source, clock.Now()) ? 1U : 0U;
    return allowed;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a source has its burst and then its rate", "[stun]") {
  CHECK(Allowed(At("192.0.2.1"), 10) == 3);
  clock.Advance(std::chrono::seconds(1));
  CHECK(Allowed(At("192.0.2.1"), 10) == 2);
}

TEST_CASE_METHOD(Fixture, "sources do not share their answers", "[stun]") {
  CHECK(Allowed(At("192.0.2.1"), 10) == 3);
  CHECK(Allowed(At("192.0.2.2"), 10) == 3);
}

TEST_CASE_METHOD(Fixture, "an IPv6 network of 64 bits is one source, and IPv4 is none of it",
                 "[stun]") {
  CHECK(Allowed(At("2001:db8::1"), 2) == 2);
  CHECK(Allowed(At("2001:db8::ffff:2"), 10) == 1);
  CHECK(Allowed(At("2001:db8:0:1::1"), 10) == 3);
  CHECK(Allowed(At("::ffff:192.0.2.1"), 10) == 3);
  CHECK(Allowed(At("192.0.2.1"), 10) == 0);
}

TEST_CASE_METHOD(Fixture, "many sources push out the quietest, never a busy one", "[stun]") {
  const IpAddress busy = At("192.0.2.1");
  CHECK(Allowed(busy, 10) == 3);
  for (std::uint32_t i = 0; i < 4 * SourceLimiter::kSets * SourceLimiter::kWays; ++i) {
    clock.Advance(std::chrono::nanoseconds(1));
    CHECK(limiter.Allow(Numbered(i), clock.Now()));
    if (i % 64 == 0) CHECK(Allowed(busy, 1) == 0);
  }
}

}  // namespace derp::relay
