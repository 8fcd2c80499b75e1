// The consistency check on a relay with clients that come, share keys and go.
#include <future>

#include <catch2/catch.hpp>

#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

std::vector<std::string> Check(RelayFixture& f) {
  std::promise<std::vector<std::string>> answer;
  f.InControl([&] {
    f.relay().CheckConsistency(
        [&](std::vector<std::string> problems) { answer.set_value(std::move(problems)); });
  });
  auto future = answer.get_future();
  REQUIRE(future.wait_for(kPatience) == std::future_status::ready);
  return future.get();
}

}  // namespace

TEST_CASE("the consistency check is content with duplicates, homes and departures",
          "[relay][check]") {
  RelayFixture f({.workers = 3});
  CHECK(Check(f).empty());
  const NodePrivate shared = NodePrivate::Generate(f.random());
  std::vector<TestClient> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(f.Connect(Way::kPlain, shared));
  for (int i = 0; i < 4; ++i) clients.push_back(f.Connect(Way::kTls));
  Bytes at_home;
  wire::AppendNotePreferred(at_home, true);
  REQUIRE(clients[5].raw().stream().Write(at_home, Soon()));
  clients[5].RoundTrip();
  CHECK(Check(f).empty());
  // While they go: none of it is seen half done.
  while (!clients.empty()) {
    clients.pop_back();
    CHECK(Check(f).empty());
  }
  f.WaitForMetric("derp_current_connections", 0);
  CHECK(Check(f).empty());
}

TEST_CASE("a relay that ends answers no check", "[relay][check]") {
  RelayFixture f;
  f.InControl([&] {
    f.relay().CheckConsistency([](const std::vector<std::string>&) {});
    f.relay().Stop(std::chrono::milliseconds(100));
    f.relay().CheckConsistency([](const std::vector<std::string>&) {});
  });
}
