#include "stunc/findings.h"

#include <catch2/catch.hpp>

#include "tests/unit/stunc/sample.h"

namespace derp::stunc {
namespace {

using test::AskedAt;
using test::At;
using test::Failed;
using test::Replied;

std::string Codes(const Asked& asked, const QueryResult& result) {
  std::string codes;
  for (const Finding& finding : JudgeQuery(asked, result)) {
    codes += codes.empty() ? finding.code : " " + finding.code;
    CHECK_FALSE(finding.fact.empty());
    CHECK_FALSE(finding.help.empty());
  }
  return codes;
}

}  // namespace

TEST_CASE("a usual answer is nothing to speak of", "[stunc]") {
  const Asked asked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
  CHECK(Codes(asked, Replied(asked, "203.0.113.7:41641")).empty());
  const Asked loopback = AskedAt("127.0.0.1:3478", "127.0.0.1:5000");
  CHECK(Codes(loopback, Replied(loopback, "127.0.0.1:5000")).empty());
  const Asked v6 = AskedAt("[2001:db8::1]:3478", "[2001:db8::2]:5000");
  CHECK(Codes(v6, Replied(v6, "[2001:db8::2]:5000")).empty());
}

TEST_CASE("a missing answer says how long and over what", "[stunc]") {
  const Asked asked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
  const auto findings = JudgeQuery(asked, Failed(Failure::kNoReply, "i/o timeout"));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].severity == Severity::kError);
  CHECK(findings[0].code == "stun.no_reply");
  CHECK(findings[0].fact == "0 of 1 replies in 3 s over IPv4");
  CHECK(findings[0].help == "open UDP 3478 on host and cloud firewall; try stunc --retries 3");
  CHECK(Codes(asked, Failed(Failure::kRefused, "i/o timeout")) == "stun.refused");
  CHECK(Codes(asked, Failed(Failure::kMalformed, "txid mismatch")) == "stun.malformed");
  CHECK(Codes(asked, Failed(Failure::kSend, "network is unreachable")).empty());
}

TEST_CASE("an answer from elsewhere is pointed out", "[stunc]") {
  const Asked asked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
  QueryResult result = Replied(asked, "203.0.113.7:41641");
  result.reply->match.kind = stun::MatchKind::kForeignSource;
  result.reply->match.source = At("192.0.2.52:3478");
  CHECK(Codes(asked, result) == "stun.foreign_source");
}

TEST_CASE("a mapped address of the other family is pointed out", "[stunc]") {
  const Asked asked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
  CHECK(Codes(asked, Replied(asked, "[2001:db8::7]:41641")) == "stun.mapped_family");
}

TEST_CASE("a private address that is not ours is pointed out", "[stunc]") {
  const Asked asked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
  CHECK(Codes(asked, Replied(asked, "172.17.0.1:41641")) == "stun.mapped_private");
  CHECK(Codes(asked, Replied(asked, "127.0.0.1:41641")) == "stun.mapped_private");
  CHECK(Codes(asked, Replied(asked, "192.0.2.51:41641")) == "stun.mapped_private");
  CHECK(Codes(asked, Replied(asked, "10.0.0.4:9")).empty());  // A server in our own network.
  const Asked inside = AskedAt("10.0.0.1:3478", "192.168.7.4:41641");
  CHECK(Codes(inside, Replied(inside, "10.0.0.9:41641")).empty());  // Its own private NAT.
}

TEST_CASE("address translation is told from the local address", "[stunc]") {
  const Asked asked = AskedAt("192.0.2.51:3478", "10.0.0.4:41641");
  CHECK(NatText(asked, At("10.0.0.4:41641")) == "no NAT in between");
  CHECK(NatText(asked, At("10.0.0.4:9")) == "your port is rewritten (local 10.0.0.4:41641)");
  CHECK(NatText(asked, At("203.0.113.7:9")) == "you are behind NAT (local 10.0.0.4:41641)");
  Asked unknown = asked;
  unknown.local.reset();
  CHECK(NatText(unknown, At("203.0.113.7:9")).empty());
}

}  // namespace derp::stunc
