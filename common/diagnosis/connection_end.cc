#include "common/diagnosis/connection_end.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr int kLastMessages = 1000;  // a relay that hung up has no more in the kernel's buffers

}  // namespace

ConnectionEnd HearEnd(BlockingClient& client, const ClientFailure& failure, const Clock& clock) {
  for (int left = kLastMessages; left > 0 && client.Receive(clock.Now()); --left) {
  }
  ConnectionEnd end{PrintablePeerText(failure.error.context), client.told_restarting()};
  if (end.restarting) end.how = "it said that it restarts, then: " + end.how;
  return end;
}

Finding ClosedFinding(const ConnectionEnd& end, Duration after) {
  Finding finding = MakeFinding("relay.closed", "ends the connection in the middle of the exchange",
                                fmt::format("{} after {}", end.how, Milliseconds(after)),
                                end.restarting ? "check again when the relay has restarted"
                                               : "look at the relay's and the proxy's log");
  finding.data["after_ms"] = static_cast<double>(after.count()) / 1e6;
  return finding;
}

}  // namespace derp::diagnosis
