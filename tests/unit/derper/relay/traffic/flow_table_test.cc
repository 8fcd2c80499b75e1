#include "derper/relay/traffic/flow_table.h"

#include <catch2/catch.hpp>

#include "common/base/mix.h"
#include "derper/relay/traffic/flow_cache.h"

namespace derp::relay {
namespace {

HashedKey Key(std::uint64_t number) {
  std::array<std::uint8_t, kKeySize> raw{};
  for (int i = 0; i < 8; ++i) {
    raw[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> 8 * i);
  }
  return {NodePublic(raw), MixBits(number + 1)};
}

constexpr TimePoint kStart{std::chrono::hours(1)};

// A packet of the flow from `source` to client 0, counted as a connection does it.
void Count(FlowTable& table, FlowCache& cache, std::uint64_t source, std::size_t size,
           TimePoint now) {
  const HashedKey key = Key(source);
  Flow* flow = cache.Find(key.hash, size, [&](std::uint64_t offered) {
    return table.Admit(key, Key(0), offered, now);
  });
  if (flow == nullptr) {
    table.untracked().counts.Deliver(size, 0);
  } else {
    flow->counts.Deliver(size, 0);
    flow->Touch(size, now);
  }
}

std::uint64_t AllBytes(FlowTable& table) {
  std::uint64_t sum = table.untracked().counts.bytes;
  for (const Flow& flow : table.rows()) sum += flow.counts.bytes;
  return sum;
}

TEST_CASE("a flow is found again and keeps its counts", "[traffic]") {
  FlowTable table(4);
  Flow* flow = table.Admit(Key(1), Key(2), 10, kStart).Get();
  REQUIRE(flow != nullptr);
  flow->counts.Deliver(10, 5);
  flow->counts.Deliver(20, 3);
  CHECK(table.Admit(Key(1), Key(2), 10, kStart).Get() == flow);
  CHECK(table.Peek(Key(1), Key(2)) == flow);
  CHECK(table.Peek(Key(2), Key(1)) == nullptr);
  CHECK(flow->counts.packets == 2);
  CHECK(flow->counts.bytes == 30);
  CHECK(flow->counts.queue_ns == 8);
  CHECK(flow->counts.queue_ns_most == 5);
}

TEST_CASE("the number of rows is bounded and nothing is lost from the sums", "[traffic]") {
  FlowTable table(64);
  FlowCache cache;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    Count(table, cache, i, 100, kStart + std::chrono::milliseconds(i));
  }
  CHECK(table.rows().size() == 64);
  CHECK(AllBytes(table) == 1'000'000);
  CHECK(table.untracked().evicted > 0);
}

TEST_CASE("an idle flow makes room for a small one", "[traffic]") {
  FlowTable table(1);
  Flow* large = table.Admit(Key(1), Key(0), 0, kStart).Get();
  large->counts.Deliver(1'000'000, 0);
  large->Touch(1'000'000, kStart);
  const FlowRef old{.row = large, .generation = large->generation};
  CHECK(table.Admit(Key(2), Key(0), 1, kStart + std::chrono::seconds(1)).Get() == nullptr);
  const FlowRef small = table.Admit(Key(2), Key(0), 1, kStart + std::chrono::seconds(61));
  REQUIRE(small.Get() != nullptr);
  CHECK(small.Get()->counts.bytes == 0);
  CHECK(old.Get() == nullptr);  // who held the row notices
  CHECK(table.Peek(Key(1), Key(0)) == nullptr);
  CHECK(table.untracked().counts.bytes == 1'000'000);
  CHECK(table.untracked().evicted == 1);
}

TEST_CASE("large flows keep their rows among many small ones", "[traffic]") {
  FlowTable table(64);
  std::array<FlowCache, 16> large;
  FlowCache small;
  std::uint64_t next = 1000;
  for (int round = 0; round < 2000; ++round) {
    const TimePoint now = kStart + std::chrono::milliseconds(round);
    for (std::uint64_t i = 0; i < large.size(); ++i) Count(table, large[i], i + 1, 1400, now);
    for (int i = 0; i < 8; ++i) Count(table, small, next++, 60, now);
  }
  for (std::uint64_t i = 0; i < large.size(); ++i) {
    const Flow* flow = table.Peek(Key(i + 1), Key(0));
    REQUIRE(flow != nullptr);
    CHECK(flow->counts.bytes == 2000 * 1400);
  }
}

TEST_CASE("a large flow that comes late gets a row from small ones that are busy", "[traffic]") {
  FlowTable table(64);
  std::array<FlowCache, 64> small;
  FlowCache large;
  for (int round = 0; round < 2000; ++round) {
    const TimePoint now = kStart + std::chrono::milliseconds(round);
    for (std::uint64_t i = 0; i < small.size(); ++i) {
      if (round % 10 == 0) Count(table, small[i], i + 1, 60, now);
    }
    if (round > 1000) Count(table, large, 1000, 1400, now);
  }
  const Flow* flow = table.Peek(Key(1000), Key(0));
  REQUIRE(flow != nullptr);
  CHECK(flow->counts.bytes > 900 * 1400);
}

TEST_CASE("flows without room ask the table again only now and then", "[traffic]") {
  FlowTable table(1);
  Flow* busy = table.Admit(Key(1), Key(0), 0, kStart).Get();
  int asked = 0;
  FlowCache cache;
  for (int i = 0; i < 320; ++i) {
    busy->Touch(1'000'000, kStart);
    Flow* flow = cache.Find(Key(2).hash, 100, [&](std::uint64_t offered) {
      ++asked;
      return table.Admit(Key(2), Key(0), offered, kStart);
    });
    CHECK(flow == nullptr);
  }
  CHECK(asked == 10);
}

TEST_CASE("flows whose index collides are not mixed up", "[traffic]") {
  FlowTable table(4);
  const HashedKey one{Key(1).key, 42};
  const HashedKey two{Key(2).key, 42};
  REQUIRE(table.Admit(one, Key(0), 1, kStart).Get() != nullptr);
  CHECK(table.Admit(two, Key(0), 1, kStart).Get() == nullptr);
  CHECK(table.Peek(two, Key(0)) == nullptr);
}

}  // namespace
}  // namespace derp::relay
