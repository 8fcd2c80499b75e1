// One request to one address: sent, repeated by plan, its answer awaited. Strays are passed over
// until the deadline; the last of them is remembered, because it may say why no answer came.
#pragma once

#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/random.h"
#include "common/stun/exchange.h"
#include "common/stun/retransmission.h"

namespace derp::stunc {

struct Reply {
  stun::Match match;   // kAnswer or kForeignSource
  SocketAddress from;  // as the socket sees it: mapped on a dual-stack socket
  Bytes bytes;         // the datagram
};

// Why there is no reply.
enum class Failure { kNone, kSend, kReceive, kNoReply, kRefused, kMalformed };

struct QueryResult {
  stun::TransactionId id;
  unsigned sends = 0;  // how often the request went out
  std::optional<Reply> reply;

  Failure failure = Failure::kNone;
  std::string error;  // for stderr; empty with a reply
  Duration waited{};  // from the first send to the end
};

// What an asker needs. All outlive it; the socket is used by one asker at a time.
struct QueryTools {
  int fd = -1;  // net::BindUdp, with net::ReportIcmpErrors
  const Clock& clock;
  RandomSource& random;
};

// The plan of one request: `schedule` repeats it, `limit` (if any) ends it earlier.
struct QueryPlan {
  stun::RetransmissionOptions schedule;
  std::optional<Duration> limit;
};

QueryResult Ask(const QueryTools& tools, stun::Exchange& exchange, const SocketAddress& target,
                const QueryPlan& plan);

}  // namespace derp::stunc
