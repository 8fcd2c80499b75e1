// What STUN replies say about this machine and the regions (netcheck.md 3.4 and 3.6): recorded into
// a report one by one. Pure.
#pragma once

#include "netcheck/measure/report.h"

namespace derp::netcheck {

struct StunReply {
  RegionId region = 0;
  AddressFamily family = AddressFamily::kIpv4;  // that was asked
  SocketAddress mapped;                         // this machine, as the relay sees it
  Duration rtt{};
};

void RecordReply(Report& report, const StunReply& reply);

// Whether one more probe of `region` over `family` could still tell something new.
bool ProbeWouldHelp(const Report& report, RegionId region, AddressFamily family);

// The region of least latency, each multiplied by its score from the map (above 0); of equal ones
// the lower id. 0 when nothing was measured. The rules for keeping a former home need a history of
// reports and do not apply to a first one.
RegionId ChooseHome(const Latencies& latencies, const std::map<RegionId, double>& scores);

}  // namespace derp::netcheck
