// Queries with made-up outcomes for the tests of what stunc says about them.
#pragma once

#include "stunc/findings.h"

namespace derp::stunc::test {

inline SocketAddress At(const char* text) { return SocketAddress::Parse(text).value(); }

inline Asked AskedAt(const char* target, const char* local) {
  return {.name = "stun.example.net", .target = At(target), .most_sends = 1, .local = At(local)};
}

// A reply after 4.2 ms that says `mapped`, from the address that was asked.
inline QueryResult Replied(const Asked& asked, const char* mapped) {
  QueryResult result;
  result.id.bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  result.sends = 1;
  result.waited = std::chrono::microseconds(4200);
  Reply reply;
  reply.match.kind = stun::MatchKind::kAnswer;
  reply.match.id = result.id;
  reply.match.source = asked.target;
  reply.match.target = asked.target;
  reply.match.mapped = At(mapped);
  reply.match.rtt = result.waited;
  reply.match.since_first = result.waited;
  reply.match.sends = 1;
  reply.from = {IpAddress::V6(asked.target.ip.as_16()), asked.target.port};
  reply.bytes = stun::BuildResponse(result.id, reply.match.mapped);
  result.reply = reply;
  return result;
}

inline QueryResult Failed(Failure failure, const char* error) {
  QueryResult result;
  result.sends = 1;
  result.waited = std::chrono::seconds(3);
  result.failure = failure;
  result.error = error;
  return result;
}

}  // namespace derp::stunc::test
