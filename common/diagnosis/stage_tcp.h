// Stage tcp: connecting to the addresses of one family, all at once; the first that answers wins.
// Waits in the poll loop.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/poll_loop.h"

namespace derp::diagnosis {

inline constexpr std::size_t kMostAddresses = 4;  // per family; a name may have many more

struct TcpOutcome {
  net::Fd fd;             // valid when it worked
  SocketAddress address;  // the one that won, or the first
  Duration duration{};
  std::optional<Error> error;  // of the address that says most
};

// `done` is called once, in the loop's thread or, when nothing could be started, in the caller's.
void StartTcp(PollLoop& loop, const Clock& clock, std::vector<SocketAddress> addresses,
              TimePoint deadline, std::function<void(TcpOutcome)> done);

Finding TcpFinding(const TcpOutcome& outcome);

}  // namespace derp::diagnosis
