#include "common/metrics/proc_files.h"

#include <catch2/catch.hpp>

namespace derp::metrics {
namespace {

TEST_CASE("a program's name may hold blanks and parentheses", "[metrics][proc]") {
  const auto stat = ParseProcessStat(
      "17 (a) b (c)) S 1 17 17 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 777 4096000 321 "
      "18446744073709551615 1 1 0\n");
  REQUIRE(stat.has_value());
  CHECK(stat->user_ticks == 250);
  CHECK(stat->system_ticks == 50);
  CHECK(stat->start_ticks == 777);
  CHECK(stat->virtual_bytes == 4096000);
  CHECK(stat->resident_pages == 321);
}

TEST_CASE("cut or foreign texts give nothing", "[metrics][proc]") {
  CHECK_FALSE(ParseProcessStat("").has_value());
  CHECK_FALSE(ParseProcessStat("17 (x) S 1 17").has_value());
  CHECK_FALSE(ParseBootTime("cpu 1 2 3\n").has_value());
  CHECK_FALSE(ParseBootTime("btime x\n").has_value());
  CHECK_FALSE(ParseNetworkOctets("IpExt: InOctets OutOctets\n").has_value());
  CHECK_FALSE(ParseNetworkOctets("IpExt: InOctets\nIpExt: 1\n").has_value());
}

TEST_CASE("boot time and traffic are found among other lines", "[metrics][proc]") {
  CHECK(ParseBootTime("cpu 1 2\nbtime 1795000000\nprocesses 5\n") == 1795000000U);
  const auto octets = ParseNetworkOctets(
      "TcpExt: SyncookiesSent\nTcpExt: 0\n"
      "IpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 11 22\n");
  REQUIRE(octets.has_value());
  CHECK(octets->received == 11);
  CHECK(octets->sent == 22);
}

}  // namespace
}  // namespace derp::metrics
