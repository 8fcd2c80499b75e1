#include "common/stun/exchange.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

namespace derp::stun {
namespace {

using namespace std::chrono_literals;

constexpr TransactionId kId{{1, 2, 3}};
constexpr TransactionId kOtherId{{4, 5, 6}};
const SocketAddress kServer{IpAddress::V4({192, 0, 2, 1}), 3478};
const SocketAddress kMapped{IpAddress::V4({203, 0, 113, 7}), 41641};

}  // namespace

TEST_CASE("an answer brings address and round trip, the second one is a duplicate", "[stun]") {
  test::FakeClock clock;
  Exchange exchange;
  exchange.Sent(kId, kServer, clock.Now());
  exchange.Sent(kOtherId, kServer, clock.Now());
  CHECK(exchange.Open() == 2);
  clock.Advance(4200us);

  const Bytes answer = BuildResponse(kId, kMapped);
  const Match match = exchange.Receive(answer, kServer, clock.Now());
  CHECK(match.kind == MatchKind::kAnswer);
  CHECK(match.id == kId);
  CHECK(match.target == kServer);
  CHECK(match.mapped == kMapped);
  CHECK(match.rtt == 4200us);
  CHECK(match.sends == 1);
  CHECK(exchange.Open() == 1);
  CHECK(exchange.Receive(answer, kServer, clock.Now()).kind == MatchKind::kDuplicate);
}

TEST_CASE("a source that a dual-stack socket shows as mapped is the one asked", "[stun]") {
  Exchange exchange;
  exchange.Sent(kId, kServer, TimePoint{});
  const SocketAddress as_seen{IpAddress::V6(kServer.ip.as_16()), kServer.port};
  const Match match = exchange.Receive(BuildResponse(kId, kMapped), as_seen, TimePoint{});
  CHECK(match.kind == MatchKind::kAnswer);
  CHECK(match.source == kServer);
}

TEST_CASE("an answer from elsewhere is told and leaves the request open", "[stun]") {
  Exchange exchange;
  exchange.Sent(kId, kServer, TimePoint{});
  const Bytes answer = BuildResponse(kId, kMapped);
  for (const char* text : {"192.0.2.2:3478", "192.0.2.1:3479"}) {
    CAPTURE(text);
    const auto source = *SocketAddress::Parse(text);
    const Match match = exchange.Receive(answer, source, TimePoint{});
    CHECK(match.kind == MatchKind::kForeignSource);
    CHECK(match.source == source);
    CHECK(match.target == kServer);
    CHECK(match.mapped == kMapped);
  }
  CHECK(exchange.Open() == 1);
  CHECK(exchange.Receive(answer, kServer, TimePoint{}).kind == MatchKind::kAnswer);
}

TEST_CASE("after a retransmission both send times are told", "[stun]") {
  test::FakeClock clock;
  Exchange exchange;
  exchange.Sent(kId, kServer, clock.Now());
  clock.Advance(500ms);
  exchange.Sent(kId, kServer, clock.Now());
  clock.Advance(3ms);
  const Match match = exchange.Receive(BuildResponse(kId, kMapped), kServer, clock.Now());
  CHECK(match.kind == MatchKind::kAnswer);
  CHECK(match.sends == 2);
  CHECK(match.rtt == 3ms);
  CHECK(match.since_first == 503ms);
}

TEST_CASE("what is no answer of ours is told apart", "[stun]") {
  Exchange exchange;
  exchange.Sent(kId, kServer, TimePoint{});

  const Match junk = exchange.Receive(AsBytes("junk"), kServer, TimePoint{});
  CHECK(junk.kind == MatchKind::kMalformed);
  CHECK(junk.error == MessageError::kNotStun);
  CHECK_FALSE(junk.id.has_value());

  const Bytes foreign = BuildResponse(kOtherId, kMapped);
  CHECK(exchange.Receive(foreign, kServer, TimePoint{}).kind == MatchKind::kUnknown);

  Bytes refusal = BuildResponse(kId, kMapped);
  refusal[1] = 0x11;
  const Match error = exchange.Receive(refusal, kServer, TimePoint{});
  CHECK(error.kind == MatchKind::kError);
  CHECK(error.target == kServer);

  const auto request = BuildRequest(kId);
  const Match echo = exchange.Receive(request, kServer, TimePoint{});
  CHECK(echo.kind == MatchKind::kMalformed);
  CHECK(echo.error == MessageError::kNotSuccessResponse);
  CHECK(exchange.Open() == 1);
}

TEST_CASE("a forgotten request is answered no more", "[stun]") {
  Exchange exchange;
  exchange.Sent(kId, kServer, TimePoint{});
  exchange.Forget(kId);
  CHECK(exchange.Open() == 0);
  CHECK(exchange.Receive(BuildResponse(kId, kMapped), kServer, TimePoint{}).kind ==
        MatchKind::kUnknown);
}

TEST_CASE("every kind of match has its own name", "[stun]") {
  CHECK(MatchKindName(MatchKind::kAnswer) == "answer");
  CHECK(MatchKindName(MatchKind::kForeignSource) == "foreign_source");
  CHECK(MatchKindName(MatchKind::kDuplicate) == "duplicate");
  CHECK(MatchKindName(MatchKind::kUnknown) == "unknown_transaction");
  CHECK(MatchKindName(MatchKind::kError) == "error_response");
  CHECK(MatchKindName(MatchKind::kMalformed) == "malformed");
}

}  // namespace derp::stun
