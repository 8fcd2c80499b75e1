// Whole measurements over real sockets on loopback.
#include "netcheck/measure/measure.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_resolver.h"
#include "tests/support/stun_responder.h"

namespace derp::netcheck {
namespace {

using namespace std::chrono_literals;
using test::StunResponder;

class Machine {
 public:
  explicit Machine(std::map<std::string, std::vector<IpAddress>, std::less<>> hosts = {})
      : resolver_(std::move(hosts)), names_(resolver_), sockets_(OpenProbeSockets(":0")) {}

  Report Check(const derpmap::DerpMap& map, bool all_regions = true) {
    return Measure(map, sockets_, {.all_regions = all_regions, .local = {.v4 = true, .v6 = true}},
                   {clock_, random_, log_, names_});
  }
  const ProbeSockets& sockets() const { return sockets_; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  Logger log_{[](LogLevel, std::string_view) {}};
  test::FakeResolver resolver_;
  NameLookups names_;
  ProbeSockets sockets_;
};

derpmap::Node& AddNode(derpmap::DerpMap& map, RegionId id, std::uint16_t port) {
  derpmap::Region& region = map.regions[id];
  region.id = id;
  derpmap::Node node;
  node.name = std::to_string(id) + "-" + std::to_string(region.nodes.size());
  node.region_id = id;
  node.host_name = node.name + ".example.net";
  node.ipv4 = "127.0.0.1";
  node.ipv6 = "none";
  node.stun_port = port;
  region.nodes.push_back(node);
  return region.nodes.back();
}

SocketAddress At(std::string_view text) { return SocketAddress::Parse(text).value(); }

}  // namespace

TEST_CASE("one region that answers gives address, latency and home", "[netcheck]") {
  const StunResponder relay("127.0.0.1");
  derpmap::DerpMap map;
  AddNode(map, 1, relay.port());
  Machine machine;
  const Report report = machine.Check(map);
  CHECK(report.udp);
  CHECK(report.ipv4);
  CHECK(report.ipv4_can_send);
  CHECK(report.region_latency.size() == 1);
  CHECK(report.preferred_derp == 1);
  REQUIRE(report.global_v4.has_value());
  CHECK(report.global_v4->ip.ToString() == "127.0.0.1");
  CHECK(report.global_v4->port == net::LocalAddress(machine.sockets().v4.get())->port);
  CHECK_FALSE(report.mapping_varies_by_dest_ip.has_value());
  CHECK(report.now > WallTime{});
}

TEST_CASE("a lost first packet is made up for by the next try", "[netcheck]") {
  const StunResponder relay("127.0.0.1", {.ignore_first = 2});
  derpmap::DerpMap map;
  AddNode(map, 1, relay.port());
  const Report report = Machine().Check(map);
  CHECK(report.region_latency.size() == 1);
  CHECK(report.region_latency.at(1) < 100ms);  // of the try that was answered, not of the first
  CHECK(relay.requests() == 3);
}

TEST_CASE("two regions tell whether the mapping varies", "[netcheck]") {
  const bool varies = GENERATE(false, true);
  const StunResponder first("127.0.0.1", {.mapped = At("203.0.113.7:1000")});
  const StunResponder second("127.0.0.1",
                             {.mapped = At(varies ? "203.0.113.7:1001" : "203.0.113.7:1000")});
  derpmap::DerpMap map;
  AddNode(map, 1, first.port());
  AddNode(map, 2, second.port());
  const Report report = Machine().Check(map);
  CHECK(report.mapping_varies_by_dest_ip == varies);
  CHECK(report.region_latency.size() == 2);
}

TEST_CASE("a silent region leaves the report at its limit with the others in it", "[netcheck]") {
  const StunResponder alive("127.0.0.1");
  const StunResponder dead("127.0.0.1", {.ignore_first = StunResponder::kAll});
  derpmap::DerpMap map;
  AddNode(map, 1, alive.port());
  AddNode(map, 2, dead.port());
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const Report report = Machine().Check(map);
  CHECK(clock.Now() - start >= 3s);
  CHECK(report.region_latency.count(1) == 1);
  CHECK(report.region_latency.count(2) == 0);
  CHECK(dead.requests() == 3);
}

TEST_CASE("three regions that answer do not wait for a fourth", "[netcheck]") {
  const StunResponder relay("127.0.0.1");
  const StunResponder dead("127.0.0.1", {.ignore_first = StunResponder::kAll});
  derpmap::DerpMap map;
  for (const RegionId id : {1, 2, 3}) AddNode(map, id, relay.port());
  AddNode(map, 4, dead.port());
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const Report report = Machine().Check(map, /*all_regions=*/false);
  CHECK(clock.Now() - start < 2s);
  CHECK(report.region_latency.size() == 3);
}

TEST_CASE("names are resolved for the family that is asked", "[netcheck]") {
  const StunResponder relay("127.0.0.1");
  const StunResponder relay6("::1");
  derpmap::DerpMap map;
  derpmap::Node& named = AddNode(map, 1, relay.port());
  named.ipv4.clear();
  named.host_name = "v4.example.net";
  derpmap::Node& named6 = AddNode(map, 2, relay6.port());
  named6.ipv4 = "none";
  named6.ipv6.clear();
  named6.host_name = "v6.example.net";
  AddNode(map, 3, relay.port()).ipv4.clear();  // a name that does not exist
  Machine machine({{"v4.example.net", {*IpAddress::Parse("127.0.0.1")}},
                   {"v6.example.net", {*IpAddress::Parse("::1")}}});
  const Report report = machine.Check(map);
  CHECK(report.region_v4_latency.count(1) == 1);
  CHECK(report.region_v6_latency.count(2) == 1);
  CHECK(report.region_latency.size() == 2);
  REQUIRE(report.global_v6.has_value());
  CHECK(report.global_v6->ip.ToString() == "::1");
}

TEST_CASE("one port can be bound for both families, and a taken one is told", "[netcheck]") {
  const StunResponder taken("127.0.0.1");
  const ProbeSockets refused = OpenProbeSockets("127.0.0.1:" + std::to_string(taken.port()));
  CHECK_FALSE(refused.v4.valid());
  CHECK(refused.v4_error.find("address already in use") != std::string::npos);
  CHECK(refused.v6_error.find("no suitable address") != std::string::npos);
  const ProbeSockets open = OpenProbeSockets(":0");
  CHECK(open.v4.valid());
  const ProbeSockets words = OpenProbeSockets("here:0");
  CHECK(words.v4_error == "listen udp here:0: not an IP address");
}

}  // namespace derp::netcheck
