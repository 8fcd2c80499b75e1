#include "common/diagnosis/pairs/transfer_gate.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;

namespace {

PairTask Pair(std::int64_t region, const char* from, const char* to) {
  PairTask task;
  task.region_id = region;
  task.from.name = from;
  task.to.name = to;
  return task;
}

}  // namespace

TEST_CASE("a node takes part in one transfer at a time", "[pairs]") {
  TransferGate gate;
  gate.Add(1, Pair(1, "a", "b"), false);
  gate.Add(2, Pair(1, "b", "c"), false);
  gate.Add(3, Pair(1, "c", "c"), false);
  gate.Add(4, Pair(2, "a", "a"), false);
  CHECK(gate.Next() == 1);
  CHECK(gate.Next() == 3);  // the second waits for b
  CHECK(gate.Next() == 4);  // a node of another region, whatever its name
  CHECK_FALSE(gate.Next());
  gate.Leave(1);
  CHECK_FALSE(gate.Next());  // c is still busy
  gate.Leave(3);
  CHECK(gate.Next() == 2);
}

TEST_CASE("transfers over TUN go one by one", "[pairs]") {
  TransferGate gate;
  gate.Add(1, Pair(1, "a", "a"), true);
  gate.Add(2, Pair(1, "b", "b"), true);
  CHECK(gate.Next() == 1);
  CHECK_FALSE(gate.Next());
  gate.Leave(1);
  CHECK(gate.Next() == 2);
}

TEST_CASE("what waits no longer is never started", "[pairs]") {
  TransferGate gate;
  gate.Add(1, Pair(1, "a", "a"), false);
  gate.Leave(1);
  CHECK_FALSE(gate.Next());
}

TEST_CASE("transfers are bounded over all regions", "[pairs]") {
  TransferGate gate;
  for (std::uint64_t id = 0; id < 40; ++id) {
    gate.Add(id, Pair(static_cast<std::int64_t>(id), "a", "a"), false);
  }
  std::size_t running = 0;
  while (gate.Next()) ++running;
  CHECK(running == TransferGate::kMost);
}
