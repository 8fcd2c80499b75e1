// Stage port80: GET /generate_204 with a challenge on port 80, by which clients recognise captive
// portals (derper.md 2.5.3). Waits in the poll loop and holds no thread; the judgement is pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/random.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/poll_loop.h"

namespace derp::diagnosis {

struct Port80Outcome {
  SocketAddress target;
  std::optional<Error> connect_error;  // nobody there
  std::optional<Error> error;          // connected, but no answer
  int status = 0;                      // of the answer
  std::string location;                // of a redirect
  std::string described;               // "status 302 Found, server nginx"
  bool echoed = false;                 // the challenge came back
  std::optional<Duration> clock_offset;
  Duration duration{};
};

// Asks `target` for /generate_204 as `host`. `done` is called once, in the loop's thread or, when
// nothing could be started, in the caller's. The references outlive the stage.
void StartPort80(PollLoop& loop, const Clock& clock, RandomSource& random,
                 const SocketAddress& target, const std::string& host, TimePoint deadline,
                 std::function<void(Port80Outcome)> done);

// The finding that decides the stage; none: ok. Its data hold `status` and `answer`, by which
// several nodes' answers are found to be alike.
std::optional<Finding> JudgePort80(const Port80Outcome& outcome);

}  // namespace derp::diagnosis
