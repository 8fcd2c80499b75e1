#include "netcheck/measure/measure.h"

#include <algorithm>
#include <array>
#include <poll.h>

#include "common/net/sockets.h"
#include "netcheck/measure/plan.h"
#include "netcheck/measure/stun_phase.h"

namespace derp::netcheck {
namespace {

constexpr int kDatagramsPerTurn = 64;  // then due packets have their turn

class Run {
 public:
  Run(const Plan& plan, std::size_t enough, const ProbeSockets& sockets, const Tools& tools,
      Report& report)
      : sockets_(sockets),
        tools_(tools),
        start_(tools.clock.Now()),
        phase_(plan, enough, start_, tools.random, tools.log, report) {}

  void UntilOver() {
    while (!phase_.Over(tools_.clock.Now())) {
      Work(phase_.TakeDue(tools_.clock.Now()));
      const TimePoint now = tools_.clock.Now();
      if (phase_.Over(now)) return;
      Wait(now);
      for (const NameLookups::Answer& answer : tools_.names.Take())
        phase_.Resolved(answer.lookup, answer.addresses, answer.why);
      Drain(sockets_.v4);
      Drain(sockets_.v6);
    }
  }

 private:
  void Work(const StunPhase::Due& due) {
    for (const Lookup& lookup : due.lookups) tools_.names.Start(lookup, start_ + kStunPhaseLimit);
    for (const StunPhase::Packet& packet : due.packets) {
      const bool v4 = packet.family == AddressFamily::kIpv4;
      const net::Fd& socket = v4 ? sockets_.v4 : sockets_.v6;
      if (!socket.valid()) {
        phase_.Sent(packet, Fail(Error{ErrorCode::kUnsupported,
                                       v4 ? sockets_.v4_error : sockets_.v6_error}));
        continue;
      }
      phase_.Sending(packet, tools_.clock.Now());
      phase_.Sent(packet, net::SendTo(socket.get(), packet.bytes, packet.target));
    }
  }

  void Wait(TimePoint now) {
    // Negative descriptors are ignored by poll().
    std::array<pollfd, 3> watched = {{{sockets_.v4.get(), POLLIN, 0},
                                      {sockets_.v6.get(), POLLIN, 0},
                                      {tools_.names.fd(), POLLIN, 0}}};
    const TimePoint wake = std::max(now, phase_.NextWake());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - now);
    ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
  }

  void Drain(const net::Fd& socket) {
    if (!socket.valid()) return;
    for (int i = 0; i < kDatagramsPerTurn; ++i) {
      const auto datagram = net::ReceiveFrom(socket.get(), tools_.clock.Now());
      if (!datagram) return;
      phase_.Receive(datagram->bytes, datagram->source, tools_.clock.Now());
    }
  }

  const ProbeSockets& sockets_;
  const Tools& tools_;
  TimePoint start_;
  StunPhase phase_;
};

}  // namespace

Report Measure(const derpmap::DerpMap& map, const ProbeSockets& sockets,
               const MeasureOptions& options, const Tools& tools) {
  Report report;
  report.os_has_ipv6 = OsHasIpv6();
  const Plan plan = MakeInitialPlan(map, options.local);
  const std::size_t enough = options.all_regions ? kEnoughRegionsVerbose : kEnoughRegions;
  Run(plan, enough, sockets, tools, report).UntilOver();
  report.preferred_derp = ChooseHome(report.region_latency, map.region_score);
  report.now = tools.clock.WallNow();
  return report;
}

}  // namespace derp::netcheck
