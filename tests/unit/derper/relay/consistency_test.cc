#include "derper/relay/consistency.h"

#include <catch2/catch.hpp>

#include "derper/relay/registry/registry.h"

namespace derp::relay {
namespace {

NodePublic Key(std::uint8_t number) { return NodePublic({number}); }
ConnectionRef Ref(std::uint32_t slot) { return {.worker = 1, .slot = slot}; }

// Two clients, one of them with two connections, in any order.
WorkerFacts Good() {
  return {.worker = 1,
          .sessions = {{Key(1), Ref(0)}, {Key(2), Ref(1)}, {Key(2), Ref(2)}},
          .registered = {{Key(2), Ref(2)}, {Key(1), Ref(0)}, {Key(2), Ref(1)}},
          .homes = 1,
          .connections_gauge = 3,
          .homes_gauge = 1};
}

TEST_CASE("what fits together is no finding, duplicates included", "[relay][check]") {
  CHECK(FindContradictions(Good()).empty());
  CHECK(FindContradictions({}).empty());
}

TEST_CASE("each contradiction of a worker is found", "[relay][check]") {
  WorkerFacts gone = Good();
  gone.registered.push_back({Key(3), Ref(9)});
  CHECK(FindContradictions(gone) ==
        std::vector<std::string>{"worker 1: 1 registered connections are not there"});
  WorkerFacts unknown = Good();
  unknown.registered.pop_back();
  CHECK(FindContradictions(unknown) ==
        std::vector<std::string>{"worker 1: 1 connections are not registered"});
  WorkerFacts older = Good();  // the slot was used again
  older.registered[0].second.generation = 7;
  CHECK(FindContradictions(older).size() == 2);
  WorkerFacts gauge = Good();
  gauge.connections_gauge = 2;
  CHECK(FindContradictions(gauge) ==
        std::vector<std::string>{"worker 1: gauge current_connections = 2 != 3 counted"});
  WorkerFacts homes = Good();
  homes.homes = 0;
  CHECK(FindContradictions(homes) ==
        std::vector<std::string>{"worker 1: gauge current_home_connections = 1 != 0 counted"});
}

TEST_CASE("the registry counts over what it kept, and knows each worker's connections",
          "[relay][check]") {
  SystemRandom random;
  Registry registry(random);
  CHECK(registry.Recount().empty());
  registry.Register(registry.Hash(Key(1)), Ref(0), {});
  registry.Register(registry.Hash(Key(1)), Ref(1), {});
  registry.Register(registry.Hash(Key(2)), {.worker = 2, .slot = 0}, {});
  registry.AddForwarder(registry.Hash(Key(3)), 0);
  registry.AddInterest(registry.Hash(Key(4)), Ref(0), Registry::Origin::kMesh);
  CHECK(registry.Recount().empty());
  CHECK(registry.MembersOf(1).size() == 2);
  CHECK(registry.MembersOf(2).size() == 1);
  CHECK(registry.MembersOf(0).empty());
  registry.Unregister(registry.Hash(Key(1)), Ref(0));
  registry.Unregister(registry.Hash(Key(2)), {.worker = 2, .slot = 0});
  registry.RemoveForwarder(registry.Hash(Key(3)), 0);
  CHECK(registry.Recount().empty());
  CHECK(registry.MembersOf(1).size() == 1);
}

}  // namespace
}  // namespace derp::relay
