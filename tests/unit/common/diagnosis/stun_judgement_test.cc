#include <catch2/catch.hpp>

#include "common/diagnosis/stage_stun.h"

using namespace derp;
using namespace derp::diagnosis;

namespace {

SocketAddress At(const char* text) { return *SocketAddress::Parse(text); }

StunOutcome Answered(int answers) {
  StunOutcome outcome;
  outcome.target = At("198.51.100.1:3478");
  outcome.sent = kStunRequests;
  outcome.duration = std::chrono::seconds(3);
  outcome.rtts.assign(static_cast<std::size_t>(answers), std::chrono::milliseconds(4));
  if (answers > 0) outcome.mapped = At("203.0.113.7:40000");
  outcome.local = *IpAddress::Parse("10.0.0.4");
  return outcome;
}

std::string CodeOf(const StunOutcome& outcome) {
  const auto finding = JudgeStun(outcome);
  return finding ? finding->code : "ok";
}

}  // namespace

TEST_CASE("five answers are fine and one lost of five is no loss", "[diagnosis][stun]") {
  CHECK(CodeOf(Answered(5)) == "ok");
  CHECK(CodeOf(Answered(4)) == "ok");
  CHECK(CodeOf(Answered(3)) == "stun.loss");
}

TEST_CASE("silence says how often and how long", "[diagnosis][stun]") {
  const auto finding = JudgeStun(Answered(0));
  REQUIRE(finding);
  CHECK(finding->code == "stun.no_reply");
  CHECK(finding->headline == "silent over IPv4");
  CHECK(finding->fact == "0 of 5 replies in 3 s from 198.51.100.1:3478");
}

TEST_CASE("what says why beats that nothing came", "[diagnosis][stun]") {
  StunOutcome outcome = Answered(0);
  outcome.refused = true;
  CHECK(CodeOf(outcome) == "stun.refused");
  outcome.malformed = "an error response";
  CHECK(CodeOf(outcome) == "stun.malformed");
  outcome.foreign_source = At("198.51.100.2:3478");
  CHECK(CodeOf(outcome) == "stun.foreign_source");
  outcome.plain_answered = true;
  CHECK(CodeOf(outcome) == "stun.not_derper");
}

TEST_CASE("the address in the answer must be believable", "[diagnosis][stun]") {
  StunOutcome outcome = Answered(5);
  outcome.mapped = At("172.17.0.1:40000");
  CHECK(CodeOf(outcome) == "stun.mapped_private");
  outcome.mapped = At("198.51.100.1:40000");
  CHECK(CodeOf(outcome) == "stun.mapped_private");
  outcome.mapped = At("10.0.0.4:40000");
  CHECK(CodeOf(outcome) == "ok");
  outcome.mapped = At("[2001:db8::7]:40000");
  CHECK(CodeOf(outcome) == "stun.mapped_family");
}

TEST_CASE("what else is wrong with STUN is data of the first", "[diagnosis][stun]") {
  StunOutcome outcome = Answered(3);
  outcome.mapped = At("172.17.0.1:40000");
  const auto finding = JudgeStun(outcome);
  REQUIRE(finding);
  CHECK(finding->code == "stun.loss");
  CHECK(std::get<std::string>(finding->data.at("also")) == "stun.mapped_private");
}

TEST_CASE("a private relay may see private addresses", "[diagnosis][stun]") {
  StunOutcome outcome = Answered(5);
  outcome.target = At("127.0.0.2:3478");
  outcome.mapped = At("127.0.0.1:40000");
  CHECK(CodeOf(outcome) == "ok");
}

TEST_CASE("the median is the middle of the sorted values", "[diagnosis][stun]") {
  using std::chrono::milliseconds;
  CHECK_FALSE(Median({}));
  CHECK(*Median({milliseconds(9), milliseconds(1), milliseconds(5)}) == milliseconds(5));
}
