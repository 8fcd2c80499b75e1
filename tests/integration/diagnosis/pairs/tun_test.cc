// Bandwidth over TUN where this machine lets us make a device; elsewhere the refusal is what is
// looked at. The end-to-end test does the same in a namespace of its own.
#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/pairs/pair_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;

TEST_CASE("a TCP connection over TUN passes through a relay, or the report says what is missing",
          "[pairs][tun]") {
  const RelayFixture relay;
  PairFixture f;
  const auto node = PairFixture::Node(relay, "1a");
  const TransferAsked asked{
      .size = 300'000, .timeout = kPatience, .tun = IpAddress::Parse("10.197.53.1")};
  const TransferReport report = f.Transfer(PairFixture::Task(node, node), asked);
  INFO(report.error);
  CHECK(report.over_tun);
  CHECK(report.error.empty());
  if (!OpenTun(*asked.tun)) {
    CHECK(report.code == "prober.tun");
    CHECK_FALSE(report.skipped.empty());
    CHECK_FALSE(report.bits_per_second);
    WARN("no TUN device here: " << report.skipped);
    return;
  }
  CHECK(report.skipped.empty());
  CHECK(report.received == 300'000);
  CHECK(report.bits_per_second);
}
