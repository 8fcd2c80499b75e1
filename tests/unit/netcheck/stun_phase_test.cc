#include "netcheck/measure/stun_phase.h"

#include <cerrno>

#include <catch2/catch.hpp>

#include "tests/support/fixed_random.h"
#include "tests/unit/netcheck/sample.h"

namespace derp::netcheck {
namespace {

using namespace std::chrono_literals;
using test::At;

const TimePoint kStart{1h};

derpmap::DerpMap MapOfRegions(RegionId count) {
  derpmap::DerpMap map;
  for (RegionId id = 1; id <= count; ++id) {
    derpmap::Region& region = map.regions[id];
    region.id = id;
    derpmap::Node node;
    node.name = std::to_string(id);
    node.region_id = id;
    node.host_name = "derp" + node.name + ".example.net";
    node.ipv4 = "192.0.2." + node.name;
    node.ipv6 = "none";
    region.nodes.push_back(node);
  }
  return map;
}

// One phase over IPv4 whose packets are answered, or not, by hand.
class Scene {
 public:
  explicit Scene(derpmap::DerpMap map, std::size_t enough = kEnoughRegions)
      : map_(std::move(map)),
        plan_(MakeInitialPlan(map_, {.v4 = true, .v6 = false})),
        phase(plan_, enough, kStart, random_, log_, report) {}

  // All that is due at `now` is sent.
  StunPhase::Due Turn(TimePoint now) {
    StunPhase::Due due = phase.TakeDue(now);
    for (const StunPhase::Packet& packet : due.packets) {
      phase.Sending(packet, now);
      phase.Sent(packet, {});
    }
    return due;
  }
  void Answer(const StunPhase::Packet& packet, TimePoint now) {
    phase.Receive(stun::BuildResponse(packet.id, At("203.0.113.7:41641")), packet.target, now);
  }

 private:
  derpmap::DerpMap map_;
  Plan plan_;
  derp::test::FixedRandom random_;
  Logger log_{[](LogLevel, std::string_view) {}};

 public:
  Report report;
  StunPhase phase;
};

}  // namespace

TEST_CASE("an answered region is asked no more, a silent one three times", "[netcheck]") {
  Scene scene(MapOfRegions(2));
  const auto first = scene.Turn(kStart);
  REQUIRE(first.packets.size() == 2);
  CHECK(first.packets[0].target == At("192.0.2.1:3478"));
  CHECK(scene.phase.NextWake() == kStart + 100ms);
  scene.Answer(first.packets[0], kStart + 7ms);
  CHECK(scene.report.region_latency == Latencies{{1, 7ms}});
  CHECK(scene.report.global_v4 == At("203.0.113.7:41641"));
  CHECK(scene.report.ipv4_can_send);
  const auto second = scene.Turn(kStart + 100ms);
  REQUIRE(second.packets.size() == 1);
  CHECK(second.packets[0].target == At("192.0.2.2:3478"));
  CHECK(second.packets[0].id != first.packets[1].id);
  CHECK(scene.Turn(kStart + 200ms).packets.size() == 1);
  CHECK(scene.Turn(kStart + 300ms).packets.empty());
  CHECK_FALSE(scene.phase.Over(kStart + 2999ms));
  CHECK(scene.phase.Over(kStart + 3s));
}

TEST_CASE("the phase is over when every region answered", "[netcheck]") {
  Scene scene(MapOfRegions(2));
  const auto due = scene.Turn(kStart);
  scene.Answer(due.packets[0], kStart + 7ms);
  CHECK_FALSE(scene.phase.Over(kStart + 7ms));
  scene.Answer(due.packets[1], kStart + 9ms);
  CHECK(scene.phase.Over(kStart + 9ms));
  CHECK(scene.report.mapping_varies_by_dest_ip == false);
}

TEST_CASE("three answers give the others twice the slowest's time", "[netcheck]") {
  Scene scene(MapOfRegions(4));
  const auto due = scene.Turn(kStart);
  for (std::size_t i = 0; i < 3; ++i)
    scene.Answer(due.packets[i], kStart + static_cast<int>(i + 1) * 10ms);
  CHECK(scene.phase.NextWake() == kStart + 90ms);
  CHECK_FALSE(scene.phase.Over(kStart + 89ms));
  CHECK(scene.phase.Over(kStart + 90ms));
}

TEST_CASE("an answer counts once, whoever sends it, and strangers never", "[netcheck]") {
  Scene scene(MapOfRegions(1));
  const auto due = scene.Turn(kStart);
  const Bytes answer = stun::BuildResponse(due.packets[0].id, At("203.0.113.7:1"));
  scene.phase.Receive(Bytes{1, 2, 3}, At("192.0.2.1:3478"), kStart);
  stun::TransactionId other = due.packets[0].id;
  other.bytes[0] ^= 1;
  scene.phase.Receive(stun::BuildResponse(other, At("203.0.113.7:1")), At("192.0.2.1:3478"),
                      kStart);
  CHECK_FALSE(scene.report.udp);
  scene.phase.Receive(answer, At("198.51.100.9:9"), kStart + 5ms);
  scene.phase.Receive(answer, At("192.0.2.1:3478"), kStart + 6ms);
  CHECK(scene.report.region_latency == Latencies{{1, 5ms}});
  CHECK(scene.report.global_v4_counters.at(At("203.0.113.7:1")) == 1);
}

TEST_CASE("a local firewall's drop counts as sent, another failure ends the try", "[netcheck]") {
  Scene scene(MapOfRegions(1));
  const auto due = scene.phase.TakeDue(kStart);
  scene.phase.Sending(due.packets[0], kStart);
  scene.phase.Sent(due.packets[0], Fail(SystemError("sendto", ENETUNREACH)));
  CHECK_FALSE(scene.report.ipv4_can_send);
  const auto next = scene.phase.TakeDue(kStart + 100ms);
  scene.phase.Sending(next.packets[0], kStart + 100ms);
  scene.phase.Sent(next.packets[0], Fail(SystemError("sendto", EPERM)));
  CHECK(scene.report.ipv4_can_send);
}

TEST_CASE("a region that cannot be sent to does not hold up the report", "[netcheck]") {
  Scene scene(MapOfRegions(1));
  for (const auto delay : {0ms, 100ms, 200ms}) {
    CHECK_FALSE(scene.phase.Over(kStart + delay));
    for (const auto& packet : scene.phase.TakeDue(kStart + delay).packets)
      scene.phase.Sent(packet, Fail(SystemError("sendto", ENETUNREACH)));
  }
  CHECK(scene.phase.Over(kStart + 200ms));
}

TEST_CASE("a name is asked for once and its clock starts with the send", "[netcheck]") {
  derpmap::DerpMap map = MapOfRegions(1);
  map.regions.at(1).nodes[0].ipv4.clear();
  Scene scene(map);
  const auto due = scene.Turn(kStart);
  REQUIRE(due.lookups.size() == 1);
  CHECK(due.lookups[0].host == "derp1.example.net");
  CHECK(due.packets.empty());
  const auto second = scene.Turn(kStart + 100ms);
  CHECK(second.lookups.empty());
  CHECK(second.packets.empty());
  scene.phase.Resolved(due.lookups[0], {*IpAddress::Parse("192.0.2.77")}, {});
  CHECK(scene.phase.NextWake() < kStart + 150ms);
  const auto third = scene.Turn(kStart + 150ms);
  REQUIRE(third.packets.size() == 2);
  CHECK(third.packets[0].target == At("192.0.2.77:3478"));
  scene.Answer(third.packets[0], kStart + 160ms);
  CHECK(scene.report.region_latency == Latencies{{1, 10ms}});
}

TEST_CASE("a name without an address and a node without STUN end at once", "[netcheck]") {
  derpmap::DerpMap map = MapOfRegions(2);
  map.regions.at(1).nodes[0].ipv4.clear();
  map.regions.at(2).nodes[0].stun_port = -1;
  Scene scene(map);
  const auto due = scene.Turn(kStart);
  CHECK(due.packets.empty());
  scene.phase.Resolved(due.lookups.at(0), {}, "no such host");
  scene.Turn(kStart + 100ms);
  CHECK_FALSE(scene.phase.Over(kStart + 100ms));
  scene.Turn(kStart + 200ms);
  CHECK(scene.phase.Over(kStart + 200ms));
}

TEST_CASE("STUNTestIP and STUNPort are honoured", "[netcheck]") {
  derpmap::DerpMap map = MapOfRegions(1);
  map.regions.at(1).nodes[0].stun_test_ip = "127.0.0.1";
  map.regions.at(1).nodes[0].stun_port = 5000;
  Scene scene(map);
  const auto due = scene.Turn(kStart);
  REQUIRE(due.packets.size() == 1);
  CHECK(due.packets[0].target == At("127.0.0.1:5000"));
}

TEST_CASE("an empty plan is over at once", "[netcheck]") {
  Scene scene({});
  CHECK(scene.phase.Over(kStart));
}

}  // namespace derp::netcheck
