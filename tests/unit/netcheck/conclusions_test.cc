#include "netcheck/measure/conclusions.h"

#include <catch2/catch.hpp>

#include "netcheck/measure/interfaces.h"
#include "tests/unit/netcheck/sample.h"

namespace derp::netcheck {
namespace {

using namespace std::chrono_literals;
using test::At;
constexpr AddressFamily kV4 = AddressFamily::kIpv4;
constexpr AddressFamily kV6 = AddressFamily::kIpv6;

}  // namespace

TEST_CASE("the first IPv4 mapping stays, the last IPv6 mapping counts", "[netcheck]") {
  Report report;
  RecordReply(report, {1, kV4, At("203.0.113.7:1"), 20ms});
  CHECK_FALSE(report.mapping_varies_by_dest_ip.has_value());
  RecordReply(report, {2, kV4, At("203.0.113.7:1"), 10ms});
  CHECK(report.mapping_varies_by_dest_ip == false);
  RecordReply(report, {2, kV4, At("203.0.113.7:2"), 30ms});
  RecordReply(report, {2, kV4, At("203.0.113.7:1"), 30ms});
  CHECK(report.mapping_varies_by_dest_ip == true);
  CHECK(report.global_v4 == At("203.0.113.7:1"));
  CHECK(report.global_v4_counters.at(At("203.0.113.7:1")) == 3);
  RecordReply(report, {1, kV6, At("[2001:db8::1]:1"), 5ms});
  RecordReply(report, {1, kV6, At("[2001:db8::1]:2"), 6ms});
  CHECK(report.global_v6 == At("[2001:db8::1]:2"));
  CHECK(report.region_latency == Latencies{{1, 5ms}, {2, 10ms}});
  CHECK(report.region_v4_latency == Latencies{{1, 20ms}, {2, 10ms}});
  CHECK(report.region_v6_latency == Latencies{{1, 5ms}});
}

TEST_CASE("an answer of the other family is no address of this one", "[netcheck]") {
  Report report;
  RecordReply(report, {1, kV6, At("203.0.113.7:1"), 5ms});
  CHECK_FALSE(report.global_v6.has_value());
  CHECK_FALSE(report.global_v4.has_value());
}

TEST_CASE("a probe helps while its region, its family or the mapping is unknown", "[netcheck]") {
  Report report;
  CHECK(ProbeWouldHelp(report, 1, kV4));
  RecordReply(report, {1, kV4, At("203.0.113.7:1"), 5ms});
  CHECK(ProbeWouldHelp(report, 1, kV4));
  CHECK(ProbeWouldHelp(report, 1, kV6));
  RecordReply(report, {2, kV4, At("203.0.113.7:1"), 5ms});
  CHECK_FALSE(ProbeWouldHelp(report, 1, kV4));
  RecordReply(report, {2, kV6, At("[2001:db8::1]:1"), 5ms});
  CHECK_FALSE(ProbeWouldHelp(report, 1, kV6));
  CHECK(ProbeWouldHelp(report, 3, kV6));
}

TEST_CASE("a first home is the nearest region after scoring, the lower id of equals",
          "[netcheck]") {
  CHECK(ChooseHome({}, {}) == 0);
  CHECK(ChooseHome({{1, 40ms}, {2, 60ms}}, {}) == 1);
  CHECK(ChooseHome({{1, 10ms}, {2, 8ms}}, {{1, 0.5}}) == 1);
  CHECK(ChooseHome({{1, 10ms}, {2, 8ms}}, {{1, 0}, {2, -1}}) == 2);
  CHECK(ChooseHome({{7, 8ms}, {2, 8ms}}, {}) == 2);
}

TEST_CASE("an interface that is down, loopback or Tailscale's gives no family", "[netcheck]") {
  const auto Families = [](InterfaceAddress address) {
    const LocalFamilies families = UsableFamilies(std::span(&address, 1));
    return std::pair(families.v4, families.v6);
  };
  const auto Ip = [](std::string_view text) { return *IpAddress::Parse(text); };
  using Found = std::pair<bool, bool>;
  CHECK(Families({"eth0", true, false, Ip("10.0.0.2")}) == Found(true, false));
  CHECK(Families({"eth0", false, false, Ip("10.0.0.2")}) == Found(false, false));
  CHECK(Families({"lo", true, true, Ip("10.0.0.2")}) == Found(false, false));
  CHECK(Families({"tailscale0", true, false, Ip("100.64.0.1")}) == Found(false, false));
  CHECK(Families({"eth0", true, false, Ip("169.254.0.2")}) == Found(false, false));
  CHECK(Families({"eth0", true, false, Ip("2001:db8::2")}) == Found(false, true));
  CHECK(Families({"eth0", true, false, Ip("fd00::2")}) == Found(false, true));
  CHECK(Families({"eth0", true, false, Ip("fd7a:115c:a1e0::2")}) == Found(false, false));
  CHECK(Families({"eth0", true, false, Ip("fe80::2")}) == Found(false, false));
  CHECK(Families({"eth0", true, false, Ip("64:ff9b::1")}) == Found(false, false));
}

}  // namespace derp::netcheck
