// The STUN part of a report as a state machine without sockets, threads or clock (netcheck.md 3.4):
// says what to look up and what to send when, takes in what came of it, and knows when enough is
// known. One owner, one thread.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/crypto/random.h"
#include "common/stun/exchange.h"
#include "netcheck/measure/conclusions.h"
#include "netcheck/measure/plan.h"

namespace derp::netcheck {

inline constexpr Duration kStunPhaseLimit = std::chrono::seconds(3);
inline constexpr std::size_t kEnoughRegions = 3;
inline constexpr std::size_t kEnoughRegionsVerbose = 100;

// A name to be resolved for one family.
struct Lookup {
  std::string host;
  AddressFamily family = AddressFamily::kIpv4;
  auto operator<=>(const Lookup&) const = default;
};

class StunPhase {
 public:
  // `plan`'s nodes, `random`, `log` and `report` (which is filled) must outlive it.
  StunPhase(const Plan& plan, std::size_t enough_regions, TimePoint start, RandomSource& random,
            const Logger& log, Report& report);

  struct Packet {
    std::size_t set = 0;  // with `probe`: what to name in Sending() and Sent()
    std::size_t probe = 0;
    AddressFamily family = AddressFamily::kIpv4;
    SocketAddress target;
    stun::TransactionId id;
    std::array<std::uint8_t, stun::kRequestSize> bytes{};
  };
  struct Due {
    std::vector<Lookup> lookups;  // each is asked for once
    std::vector<Packet> packets;
  };

  // What is to be done at `now`. For each packet: Sending() immediately before it is handed to the
  // kernel, Sent() afterwards.
  Due TakeDue(TimePoint now);
  void Sending(const Packet& packet, TimePoint now);
  void Sent(const Packet& packet, const Expected<void, Error>& outcome);

  // Empty addresses: the name has none of this family; `why` is logged.
  void Resolved(const Lookup& lookup, const std::vector<IpAddress>& addresses,
                std::string_view why);
  void Receive(ByteView datagram, const SocketAddress& source, TimePoint now);

  // When to come back at the latest.
  TimePoint NextWake() const;
  bool Over(TimePoint now) const;

 private:
  enum class State { kWaiting, kResolving, kReady, kSent, kEnded };
  struct Try {
    const derpmap::Node* node = nullptr;
    TimePoint at{};
    State state = State::kWaiting;
    SocketAddress target;
  };
  struct Set {
    RegionId region = 0;
    AddressFamily family = AddressFamily::kIpv4;
    std::vector<Try> tries;
    bool over = false;  // answered, or could not help any more
  };

  void Aim(Set& set, Try& attempt, Due& due);
  void AimByName(Set& set, Try& attempt, std::uint16_t port, Due& due);
  void End(Set& set, Try& attempt, std::string_view why);
  static void EndIfAllEnded(Set& set);
  void ArmEnoughTimer(TimePoint now);

  std::vector<Set> sets_;
  std::size_t enough_regions_;
  TimePoint limit_;  // the end of the phase; comes nearer once enough regions answered
  RandomSource& random_;
  const Logger& log_;
  Report& report_;
  stun::Exchange exchange_;
  std::map<stun::TransactionId, std::size_t> asked_;               // which set a request belongs to
  std::map<Lookup, std::optional<std::vector<IpAddress>>> names_;  // empty: under way
};

}  // namespace derp::netcheck
