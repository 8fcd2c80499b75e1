#include "derper/relay/registry/registry.h"

#include <algorithm>
#include <atomic>
#include <malloc.h>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/fixed_random.h"

using namespace derp;
using namespace derp::relay;
using Origin = Registry::Origin;

namespace {

constexpr ConnectionRef kA{.worker = 0, .slot = 1, .generation = 0};
constexpr ConnectionRef kB{.worker = 1, .slot = 1, .generation = 0};
constexpr ConnectionRef kC{.worker = 0, .slot = 2, .generation = 3};

struct Fixture {
  test::FixedRandom random;
  Registry registry{random};

  HashedKey Key(std::uint8_t first) const {
    return registry.Hash(NodePublic(std::array<std::uint8_t, kKeySize>{first}));
  }
  std::uint64_t VersionOf(const HashedKey& key) const { return registry.Version(key).load(); }
};

}  // namespace

TEST_CASE("a local client wins over a mesh link, which serves when there is none", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  CHECK(f.registry.Find(key).kind == Route::Kind::kUnknown);
  f.registry.AddForwarder(key, 4);
  CHECK(f.registry.Find(key).kind == Route::Kind::kLink);
  CHECK(f.registry.Find(key).link == 4);
  f.registry.Register(key, kA, {});
  CHECK(f.registry.Find(key).kind == Route::Kind::kLocal);
  CHECK(f.registry.Find(key).connection == kA);
  CHECK(f.registry.Unregister(key, kA).interested.empty());
  CHECK(f.registry.Find(key).kind == Route::Kind::kLink);
}

TEST_CASE("every change of a route moves the version of its shard", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  std::uint64_t last = f.VersionOf(key);
  const auto moved = [&] { return std::exchange(last, f.VersionOf(key)) != last; };
  f.registry.AddForwarder(key, 1);
  CHECK(moved());
  f.registry.AddForwarder(key, 1);
  CHECK_FALSE(moved());
  f.registry.Register(key, kA, {});
  CHECK(moved());
  f.registry.Heard(key, kA);
  CHECK_FALSE(moved());
  f.registry.Register(key, kB, {});
  CHECK(moved());
  f.registry.Heard(key, kB);
  CHECK_FALSE(moved());
  f.registry.Heard(key, kA);
  CHECK(moved());
  (void)f.registry.Unregister(key, kA);
  CHECK(moved());
  (void)f.registry.RemoveForwarder(key, 1);
  CHECK(moved());
}

TEST_CASE("a departure from the region is told once to those who asked", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  f.registry.Register(key, kA, {});
  CHECK(f.registry.AddInterest(key, kB, Origin::kLocal));
  CHECK(f.registry.AddInterest(key, kB, Origin::kLocal));
  CHECK(f.registry.AddInterest(key, kC, Origin::kLocal));
  f.registry.RemoveInterest(key, kC);
  const auto told = f.registry.Unregister(key, kA).interested;
  REQUIRE(told.size() == 1);
  CHECK(told[0] == kB);
  f.registry.Register(key, kA, {});
  CHECK(f.registry.Unregister(key, kA).interested.empty());
}

TEST_CASE("a key that is reachable another way has not left", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  f.registry.Register(key, kA, {});
  f.registry.Register(key, kB, {});
  f.registry.AddForwarder(key, 1);
  CHECK(f.registry.AddInterest(key, kC, Origin::kLocal));
  CHECK(f.registry.Unregister(key, kA).interested.empty());
  CHECK(f.registry.Unregister(key, kB).interested.empty());
  CHECK(f.registry.RemoveForwarder(key, 1) == std::vector{kC});
}

TEST_CASE("interest in an absent key is refused, or waits for a key of the mesh", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  CHECK_FALSE(f.registry.AddInterest(key, kA, Origin::kLocal));
  CHECK(f.registry.AddInterest(key, kA, Origin::kMesh));
  CHECK(f.registry.Find(key).kind == Route::Kind::kUnknown);
  CHECK(f.registry.Totals().keys == 0);
  f.registry.AddForwarder(key, 1);
  CHECK(f.registry.Totals().keys == 1);
  CHECK(f.registry.RemoveForwarder(key, 1) == std::vector{kA});
}

TEST_CASE("the gauges of duplicates follow their coming and going", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  const auto check = [&](std::uint64_t keys, std::uint64_t connections, std::uint64_t ever) {
    const RegistryTotals totals = f.registry.Totals();
    CHECK(totals.duplicate_keys == keys);
    CHECK(totals.duplicate_connections == connections);
    CHECK(totals.duplicates_ever == ever);
  };
  f.registry.Register(key, kA, {});
  check(0, 0, 0);
  f.registry.Register(key, kB, {});
  check(1, 2, 1);
  f.registry.Register(key, kC, {});
  check(1, 3, 2);
  CHECK(f.registry.Connections(key).size() == 3);
  (void)f.registry.Unregister(key, kB);
  check(1, 2, 2);
  (void)f.registry.Unregister(key, kC);
  check(0, 0, 2);
  CHECK(f.registry.StateOf(key, kA).is_active);
  CHECK_FALSE(f.registry.StateOf(key, kA).has_duplicates);
}

TEST_CASE("the counters of several links for one key follow the table", "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  (void)f.registry.RemoveForwarder(key, 1);  // of an unknown key
  f.registry.AddForwarder(key, 1);
  (void)f.registry.RemoveForwarder(key, 2);
  CHECK(f.registry.Totals().delete_other_value == 1);
  f.registry.AddForwarder(key, 2);
  f.registry.AddForwarder(key, 3);
  CHECK(f.registry.Totals().multi_created == 1);
  (void)f.registry.RemoveForwarder(key, 1);
  CHECK(f.registry.Find(key).link == 2);
  CHECK(f.registry.Totals().multi_deleted == 0);
  (void)f.registry.RemoveForwarder(key, 2);
  CHECK(f.registry.Totals().multi_deleted == 1);
  CHECK(f.registry.Find(key).link == 3);
}

TEST_CASE("local and remote keys are counted apart", "[relay]") {
  Fixture f;
  f.registry.Register(f.Key(1), kA, {});
  f.registry.AddForwarder(f.Key(1), 1);
  f.registry.AddForwarder(f.Key(2), 1);
  CHECK(f.registry.Totals().keys == 2);
  CHECK(f.registry.Totals().local_keys == 1);
  (void)f.registry.Unregister(f.Key(1), kA);
  CHECK(f.registry.Totals().keys == 2);
  CHECK(f.registry.Totals().local_keys == 0);
}

TEST_CASE("a watcher has every local key marked, then those that change", "[relay]") {
  Fixture f;
  f.registry.Register(f.Key(1), kA, {});
  f.registry.AddForwarder(f.Key(2), 1);
  int wakes = 0;
  const auto watcher = std::make_shared<Watcher>([&] { ++wakes; });
  f.registry.AddWatcher(watcher);
  CHECK(wakes == 1);
  auto keys = watcher->Take(10);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0] == f.Key(1));

  f.registry.Register(f.Key(3), kB, {.ip = {}, .port = 9, .flags = 1});
  (void)f.registry.Unregister(f.Key(1), kA);
  f.registry.AddForwarder(f.Key(4), 1);  // what other relays know is theirs to tell
  CHECK(wakes == 2);
  keys = watcher->Take(10);
  CHECK(keys.size() == 2);
  CHECK(f.registry.LocalPresence(f.Key(3))->port == 9);
  CHECK_FALSE(f.registry.LocalPresence(f.Key(1)));

  SECTION("watching again marks all once more") {
    f.registry.AddWatcher(watcher);
    CHECK(watcher->Take(10).size() == 1);
    (void)f.registry.Unregister(f.Key(3), kB);
    CHECK(watcher->Take(10).size() == 1);
  }
  SECTION("a watcher that left hears nothing") {
    f.registry.RemoveWatcher(*watcher);
    (void)f.registry.Unregister(f.Key(3), kB);
    CHECK(watcher->Take(10).empty());
  }
}

TEST_CASE("of many changes of a key a watcher keeps one mark", "[relay]") {
  Fixture f;
  const auto watcher = std::make_shared<Watcher>([] {});
  f.registry.AddWatcher(watcher);
  for (int i = 0; i < 100; ++i) {
    f.registry.Register(f.Key(1), kA, {});
    (void)f.registry.Unregister(f.Key(1), kA);
  }
  CHECK(watcher->Take(10).size() == 1);
}

TEST_CASE("who becomes a duplicate is told by the arrival, who is alone again by the departure",
          "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  CHECK(f.registry.Register(key, kA, {}).empty());
  CHECK(f.registry.Register(key, kB, {}) == std::vector{kB, kA});
  CHECK(f.registry.Register(key, kC, {}) == std::vector{kC});
  CHECK_FALSE(f.registry.Unregister(key, kA).alone);
  CHECK(f.registry.Unregister(key, kC).alone == kB);
  CHECK_FALSE(f.registry.Unregister(key, kB).alone);
}

TEST_CASE("keys that only a mesh peer has spoken of are awaited in a limited number", "[relay]") {
  test::FixedRandom random;
  Registry registry(random, {.awaited_keys = 64, .interests = 64 * 100});  // one key per shard
  std::vector<HashedKey> awaited;
  std::uint64_t refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::array<std::uint8_t, kKeySize> bytes{};
    bytes[0] = static_cast<std::uint8_t>(i);
    bytes[1] = static_cast<std::uint8_t>(i >> 8);
    const HashedKey key = registry.Hash(NodePublic(bytes));
    if (registry.AddInterest(key, kA, Origin::kMesh)) {
      awaited.push_back(key);
    } else {
      ++refused;
    }
  }
  CHECK(awaited.size() == 64);
  CHECK(registry.Totals().interests == 64);
  CHECK(registry.Totals().interests_refused == refused);

  // One that enters the region makes room for another, and so does one nobody asks for any more.
  const auto of_same_shard = [&](const HashedKey& key) {
    for (int i = 5000;; ++i) {
      std::array<std::uint8_t, kKeySize> bytes{};
      bytes[0] = static_cast<std::uint8_t>(i);
      bytes[1] = static_cast<std::uint8_t>(i >> 8);
      const HashedKey other = registry.Hash(NodePublic(bytes));
      if (&registry.Version(other) == &registry.Version(key)) return other;
    }
  };
  const HashedKey next = of_same_shard(awaited[0]);
  CHECK_FALSE(registry.AddInterest(next, kA, Origin::kMesh));
  registry.AddForwarder(awaited[0], 1);
  CHECK(registry.AddInterest(next, kA, Origin::kMesh));
  registry.RemoveInterest(next, kA);
  CHECK(registry.AddInterest(next, kB, Origin::kMesh));
  CHECK(registry.RemoveForwarder(awaited[0], 1) == std::vector{kA});
  CHECK(registry.Totals().interests == 64);
}

TEST_CASE("all who wait for departures of mesh keys together are limited as well", "[relay]") {
  test::FixedRandom random;
  Registry registry(random, {.awaited_keys = 6400, .interests = 64 * 3});
  const HashedKey key = registry.Hash(NodePublic(std::array<std::uint8_t, kKeySize>{1}));
  registry.Register(key, kA, {});
  const auto who = [](std::uint32_t slot) {
    return ConnectionRef{.worker = 0, .slot = slot, .generation = 0};
  };
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(registry.AddInterest(key, who(i), Origin::kMesh));
  CHECK_FALSE(registry.AddInterest(key, who(3), Origin::kMesh));
  CHECK(registry.AddInterest(key, who(4), Origin::kLocal));  // whose owner pays for it
  registry.RemoveInterest(key, who(0));
  registry.RemoveInterest(key, who(0));
  CHECK(registry.Totals().interests == 3);
  CHECK(registry.Unregister(key, kA).interested.size() == 3);
  CHECK(registry.Totals().interests == 0);
}

TEST_CASE("a watcher that falls too far behind is woken once more and then holds nothing",
          "[relay]") {
  Fixture f;
  for (std::uint8_t i = 0; i < 50; ++i) f.registry.Register(f.Key(i), kA, {});
  int wakes = 0;
  const auto watcher = std::make_shared<Watcher>([&] { ++wakes; }, 10);
  f.registry.AddWatcher(watcher);  // what was there before does not count
  CHECK(wakes == 1);
  for (std::uint8_t i = 50; i < 60; ++i) f.registry.Register(f.Key(i), kA, {});
  CHECK_FALSE(watcher->fell_behind());
  (void)f.registry.Unregister(f.Key(3), kA);  // is marked already
  CHECK_FALSE(watcher->fell_behind());
  f.registry.Register(f.Key(60), kA, {});
  CHECK(watcher->fell_behind());
  CHECK(wakes == 2);
  f.registry.Register(f.Key(61), kA, {});
  CHECK(wakes == 2);
  CHECK(watcher->Take(100).empty());
}

TEST_CASE("a watcher that reads nothing costs a few megabytes at most, however many come and go",
          "[relay]") {
  Fixture f;
  const auto watcher = std::make_shared<Watcher>([] {});
  f.registry.AddWatcher(watcher);
  const std::size_t before = mallinfo2().uordblks;
  std::size_t most = before;
  for (std::uint32_t i = 0; !watcher->fell_behind(); ++i) {
    REQUIRE(i < 100'000);
    std::array<std::uint8_t, kKeySize> bytes{};
    for (std::size_t n = 0; n < 4; ++n) bytes[n] = static_cast<std::uint8_t>(i >> (8 * n));
    const HashedKey key = f.registry.Hash(NodePublic(bytes));
    f.registry.Register(key, kA, {});
    (void)f.registry.Unregister(key, kA);
    if (i % 1000 == 0) most = std::max(most, mallinfo2().uordblks);
  }
  CHECK(most - before < 8 * 1024 * 1024);
  CHECK(mallinfo2().uordblks < before + 1024 * 1024);
}

TEST_CASE("a key with several links is reachable at every moment while they come and go",
          "[relay]") {
  Fixture f;
  const HashedKey key = f.Key(1);
  f.registry.AddForwarder(key, 1);
  std::atomic<bool> stop = false;
  std::thread changing([&] {
    while (!stop) {
      f.registry.AddForwarder(key, 2);
      (void)f.registry.RemoveForwarder(key, 1);
      f.registry.AddForwarder(key, 1);
      (void)f.registry.RemoveForwarder(key, 2);
    }
  });
  int lost = 0;
  for (int i = 0; i < 5000; ++i) {
    if (f.registry.Find(key).kind != Route::Kind::kLink) ++lost;
  }
  stop = true;
  changing.join();
  CHECK(lost == 0);
  CHECK(f.registry.Totals().multi_created == f.registry.Totals().multi_deleted);
}
