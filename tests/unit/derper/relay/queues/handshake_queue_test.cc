#include "derper/relay/queues/handshake_queue.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::relay;
using namespace std::chrono_literals;

namespace {

ConnectionRef Slot(std::uint32_t slot) { return {.worker = 0, .slot = slot, .generation = 0}; }

}  // namespace

TEST_CASE("handshakes run in order for some milliseconds when nothing else waits", "[relay]") {
  HandshakeQueue queue;
  for (std::uint32_t i = 0; i < 10; ++i) queue.Add(Slot(i));
  TimePoint now{1h};
  queue.BeginTurn(false, now);
  std::uint32_t steps = 0;
  while (const auto next = queue.Next(now)) {
    CHECK(*next == Slot(steps++));
    now += 1ms;
    queue.Done(now);
  }
  CHECK(steps == 6);
  CHECK_FALSE(queue.empty());
}

TEST_CASE("while relay work waits one step runs, then four times its cost passes", "[relay]") {
  HandshakeQueue queue;
  for (std::uint32_t i = 0; i < 3; ++i) queue.Add(Slot(i));
  TimePoint now{1h};
  queue.BeginTurn(true, now);
  REQUIRE(queue.Next(now));
  now += 1ms;
  queue.Done(now);
  CHECK_FALSE(queue.Next(now));
  now += 3ms;
  queue.BeginTurn(true, now);
  CHECK_FALSE(queue.Next(now));
  now += 1ms;
  queue.BeginTurn(true, now);
  CHECK(queue.Next(now));
}
