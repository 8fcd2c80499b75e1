#include "derper/relay/queues/lane.h"

#include <catch2/catch.hpp>

#include "common/wire/messages.h"

using namespace derp;
using namespace derp::relay;

namespace {

const HashedKey kSource{NodePublic(std::array<std::uint8_t, kKeySize>{7}), 99};
constexpr std::size_t kOverhead = 5 + 32;

struct Fixture {
  BufferPool pool;
  Lane lane;
  LaneLimits limits{.packets = 3, .bytes = 1000};

  void Push(std::size_t size, std::uint8_t fill = 0) {
    lane.Push(kSource, Bytes(size, fill), false, TimePoint{}, pool);
  }
};

}  // namespace

TEST_CASE("a lane holds whole frames, back to back", "[relay]") {
  Fixture f;
  f.Push(2, 1);
  f.Push(3, 2);
  Bytes expected;
  wire::AppendRecvPacket(expected, kSource.key, Bytes(2, 1));
  wire::AppendRecvPacket(expected, kSource.key, Bytes(3, 2));
  const ByteView waiting = f.lane.Waiting();
  CHECK(Bytes(waiting.begin(), waiting.end()) == expected);
  CHECK(f.lane.front_frame().size() == kOverhead + 2);
  CHECK(Lane::PayloadSize(f.lane.front()) == 2);
  CHECK(f.lane.front().source_hash == 99);
}

TEST_CASE("a lane is bounded in packets", "[relay]") {
  Fixture f;
  for (int i = 0; i < 3; ++i) {
    CHECK(f.lane.Fits(1, f.limits));
    f.Push(1);
  }
  CHECK_FALSE(f.lane.Fits(1, f.limits));
  f.lane.PopFront();
  CHECK(f.lane.Fits(1, f.limits));
}

TEST_CASE("a lane is bounded in bytes, but one packet always fits", "[relay]") {
  Fixture f;
  CHECK(f.lane.Fits(65536, f.limits));
  f.Push(500);
  CHECK(f.lane.Fits(1000 - 2 * kOverhead - 500, f.limits));
  CHECK_FALSE(f.lane.Fits(1000 - 2 * kOverhead - 500 + 1, f.limits));
}

TEST_CASE("the oldest packet leaves first and its bytes with it", "[relay]") {
  Fixture f;
  for (std::uint8_t i = 0; i < 3; ++i) f.Push(1, i);
  f.lane.PopFront();
  CHECK(f.lane.packets() == 2);
  CHECK(f.lane.bytes() == 2 * (kOverhead + 1));
  CHECK(f.lane.front_frame().back() == 1);
}

TEST_CASE("a lane that never runs empty does not grow", "[relay]") {
  Fixture f;
  f.limits = {.packets = 3, .bytes = 256 * 1024};
  f.Push(1000, 0);
  for (int i = 1; i < 2000; ++i) {
    f.Push(1000, static_cast<std::uint8_t>(i));
    f.lane.PopFront();
    REQUIRE(f.lane.front_frame().back() == static_cast<std::uint8_t>(i));
  }
  CHECK(f.lane.packets() == 1);
  CHECK(f.lane.bytes() == kOverhead + 1000);
}

TEST_CASE("an empty lane gives its memory back", "[relay]") {
  Fixture f;
  f.Push(100);
  f.lane.ReleaseIfEmpty(f.pool);
  CHECK(f.lane.packets() == 1);
  f.lane.PopFront();
  f.lane.ReleaseIfEmpty(f.pool);
  Bytes again;
  f.pool.Lend(again);
  CHECK(again.capacity() >= kOverhead + 100);
}
