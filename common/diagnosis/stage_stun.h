// Stage stun: five binding requests to one address, the next as soon as the last is answered, and
// what came back (findings.md 3, rule 9). Waits in the poll loop; the judgement is pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/random.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/poll_loop.h"

namespace derp::diagnosis {

inline constexpr int kStunRequests = 5;

struct StunOutcome {
  SocketAddress target;
  int sent = 0;
  std::vector<Duration> rtts;           // of the requests answered
  std::optional<SocketAddress> mapped;  // of the last answer
  bool refused = false;                 // ICMP port unreachable
  std::optional<SocketAddress> foreign_source;
  std::string malformed;           // what was wrong with answers that were of no use
  bool plain_answered = false;     // a request without Tailscale's attributes was answered
  std::optional<Error> error;      // of the socket
  std::optional<IpAddress> local;  // this machine's address towards the relay
  Duration duration{};
};

// `done` is called once, in the loop's thread or, when nothing could be started, in the caller's.
// The references outlive the stage.
void StartStun(PollLoop& loop, const Clock& clock, RandomSource& random,
               const SocketAddress& target, Duration cap, std::function<void(StunOutcome)> done);

// The finding that decides the stage; none: ok.
std::optional<Finding> JudgeStun(const StunOutcome& outcome);

// The middle of the sorted values (the upper one of two); empty for none.
std::optional<Duration> Median(std::vector<Duration> values);

}  // namespace derp::diagnosis
