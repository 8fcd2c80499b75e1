#include "derper/web/traffic_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace derp::relay {
namespace {

constexpr TimePoint kTaken{std::chrono::hours(10)};

NodePublic Key(std::uint8_t number) {
  std::array<std::uint8_t, kKeySize> raw{};
  raw[0] = number;
  return NodePublic(raw);
}

ClientFigures Client(std::uint8_t number, std::uint64_t bytes, std::uint64_t drops) {
  ClientFigures client;
  client.key = Key(number);
  client.address = {IpAddress::V4({192, 0, 2, number}), 1000};
  client.since = kTaken - std::chrono::minutes(number);
  client.transport = "tls1.3";
  client.counts.bytes_in = bytes;
  client.counts.drops[static_cast<std::size_t>(DropReason::kQueueHead)] = drops;
  return client;
}

TrafficSnapshot ThreeClients() {
  TrafficSnapshot snapshot;
  snapshot.taken = kTaken;
  snapshot.clients = {Client(1, 100, 3), Client(2, 300, 0), Client(3, 200, 7)};
  FlowFigures flow{.source = Key(1), .destination = Key(2), .counts = {}};
  flow.counts.Deliver(1500, 2'000'000);
  flow.since = flow.last = kTaken - std::chrono::seconds(5);
  snapshot.flows = {flow};
  snapshot.untracked.counts.packets = 42;
  return snapshot;
}

std::vector<NodePublic> Order(std::string_view query) {
  const auto parsed = ParseTrafficQuery(query);
  REQUIRE(parsed);
  std::vector<NodePublic> keys;
  for (const auto& client : MakeTrafficView(ThreeClients(), *parsed, {}).clients) {
    keys.push_back(client.key);
  }
  return keys;
}

TEST_CASE("the heaviest rows come first, by what is asked for", "[web][traffic]") {
  CHECK(Order("") == std::vector{Key(2), Key(3), Key(1)});
  CHECK(Order("sort=drops") == std::vector{Key(3), Key(1), Key(2)});
  CHECK(Order("sort=age&top=2") == std::vector{Key(3), Key(2)});
  CHECK(Order("top=1") == std::vector{Key(2)});
}

TEST_CASE("parameters that mean nothing are told", "[web][traffic]") {
  for (const char* query : {"top=0", "top=-1", "top=10001", "top=many", "sort=name"}) {
    CAPTURE(query);
    CHECK_FALSE(ParseTrafficQuery(query));
  }
}

TEST_CASE("the JSON has whole keys and null for what was not measured", "[web][traffic]") {
  const auto view = MakeTrafficView(ThreeClients(), {.top = 1}, FromUnixSeconds(1'795'000'000));
  const auto document = nlohmann::json::parse(TrafficJson(view));
  CHECK(document["schema"] == "derper.traffic/1");
  CHECK(document["clients_total"] == 3);
  REQUIRE(document["clients"].size() == 1);
  const auto& client = document["clients"][0];
  CHECK(client["key"] == Key(2).ToString());
  CHECK(client["address"] == "192.0.2.2:1000");
  CHECK(client["since"] == FormatRfc3339(FromUnixSeconds(1'795'000'000 - 120)));
  CHECK(client["rtt_ms"].is_null());
  CHECK(client["queue_ms_mean"].is_null());
  const auto& flow = document["flows"][0];
  CHECK(flow["bytes"] == 1500);
  CHECK(flow["queue_ms_mean"] == 2.0);
  CHECK(flow["idle_s"] == 5.0);
  CHECK(document["untracked"]["packets"] == 42);
}

TEST_CASE("the page shortens keys and links its columns' order", "[web][traffic]") {
  const auto view = MakeTrafficView(ThreeClients(), {.order = TrafficOrder::kDrops}, {});
  const std::string page = TrafficHtml(view);
  CHECK(page.find(Key(1).ShortString()) != std::string::npos);
  CHECK(page.find("<th aria-sort=\"descending\">dropped ▾</th>") != std::string::npos);
  CHECK(page.find("?format=html&amp;sort=bytes&amp;top=50") != std::string::npos);
  CHECK(page.find("7 queue_head") != std::string::npos);
  CHECK(page.find("1.5 kB") != std::string::npos);
}

}  // namespace
}  // namespace derp::relay
