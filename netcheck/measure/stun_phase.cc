#include "netcheck/measure/stun_phase.h"

#include <algorithm>
#include <cerrno>

#include "common/base/text.h"

namespace derp::netcheck {

StunPhase::StunPhase(const Plan& plan, std::size_t enough_regions, TimePoint start,
                     RandomSource& random, const Logger& log, Report& report)
    : enough_regions_(enough_regions),
      limit_(start + kStunPhaseLimit),
      random_(random),
      log_(log),
      report_(report) {
  for (const ProbeSet& planned : plan) {
    Set set{planned.region, planned.family, {}, false};
    for (const Probe& probe : planned.probes)
      set.tries.push_back({probe.node, start + probe.delay, State::kWaiting, {}});
    sets_.push_back(std::move(set));
  }
}

StunPhase::Due StunPhase::TakeDue(TimePoint now) {
  Due due;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    Set& set = sets_[i];
    for (std::size_t k = 0; k < set.tries.size() && !set.over; ++k) {
      Try& attempt = set.tries[k];
      if (attempt.state == State::kWaiting && attempt.at <= now) {
        if (!ProbeWouldHelp(report_, set.region, set.family)) {
          set.over = true;
          break;
        }
        Aim(set, attempt, due);
      }
      if (attempt.state != State::kReady) continue;
      attempt.state = State::kSent;
      Packet packet{i, k, set.family, attempt.target, {}, {}};
      random_.Fill(packet.id.bytes);
      packet.bytes = stun::BuildRequest(packet.id);
      due.packets.push_back(packet);
    }
    EndIfAllEnded(set);
  }
  return due;
}

// Where a try goes: STUNTestIP, the map's literal, or what DNS says.
void StunPhase::Aim(Set& set, Try& attempt, Due& due) {
  const derpmap::Node& node = *attempt.node;
  const std::optional<std::uint16_t> port = node.EffectiveStunPort();
  if (!port) {
    End(set, attempt, "STUN is off on this node");
    return;
  }
  std::optional<IpAddress> literal = node.Literal(set.family);
  if (!node.stun_test_ip.empty()) {
    literal = IpAddress::Parse(node.stun_test_ip);
    if (!literal || literal->family() != set.family) {
      End(set, attempt, "STUNTestIP is no address of this family");
      return;
    }
  }
  if (literal) {
    attempt.target = {*literal, *port};
    attempt.state = State::kReady;
  } else if (node.Use(set.family) == derpmap::Node::FamilyUse::kOff) {
    End(set, attempt, "the map gives no address of this family");
  } else {
    AimByName(set, attempt, *port, due);
  }
}

void StunPhase::AimByName(Set& set, Try& attempt, std::uint16_t port, Due& due) {
  const Lookup lookup{attempt.node->host_name, set.family};
  attempt.target.port = port;
  const auto [known, is_new] = names_.emplace(lookup, std::nullopt);
  if (is_new) due.lookups.push_back(lookup);
  if (!known->second) {
    attempt.state = State::kResolving;
  } else if (known->second->empty()) {
    End(set, attempt, "the name has no address of this family");
  } else {
    attempt.target.ip = known->second->front();
    attempt.state = State::kReady;
  }
}

void StunPhase::Resolved(const Lookup& lookup, const std::vector<IpAddress>& addresses,
                         std::string_view why) {
  const auto known = names_.find(lookup);
  if (known == names_.end()) return;  // an answer to an earlier report's question
  known->second = addresses;
  for (Set& set : sets_) {
    if (set.family != lookup.family) continue;
    for (Try& attempt : set.tries) {
      if (attempt.state != State::kResolving || attempt.node->host_name != lookup.host) continue;
      if (addresses.empty()) {
        End(set, attempt, why);
        continue;
      }
      attempt.target.ip = addresses.front();
      attempt.state = State::kReady;
    }
    EndIfAllEnded(set);
  }
}

void StunPhase::Sending(const Packet& packet, TimePoint now) {
  asked_[packet.id] = packet.set;
  exchange_.Sent(packet.id, packet.target, now);
}

void StunPhase::Sent(const Packet& packet, const Expected<void, Error>& outcome) {
  // EPERM is a local firewall's drop: to the network's reachability it is a lost packet.
  if (outcome || outcome.error().sys_errno == EPERM) {
    (packet.family == AddressFamily::kIpv4 ? report_.ipv4_can_send : report_.ipv6_can_send) = true;
    log_.Debug("sent to {}", packet.target.ToString());
    return;
  }
  exchange_.Forget(packet.id);
  asked_.erase(packet.id);
  Set& set = sets_[packet.set];
  End(set, set.tries[packet.probe], outcome.error().context);
  EndIfAllEnded(set);
}

void StunPhase::Receive(ByteView datagram, const SocketAddress& source, TimePoint now) {
  const stun::Match match = exchange_.Receive(datagram, source, now);
  // Which address answered does not matter here: only the transaction id does.
  const bool answers =
      match.kind == stun::MatchKind::kAnswer || match.kind == stun::MatchKind::kForeignSource;
  const auto asked = match.id ? asked_.find(*match.id) : asked_.end();
  if (!answers || asked == asked_.end()) {
    log_.Debug("unexpected datagram from {}: {}", source.ToString(),
               stun::MatchKindName(match.kind));
    return;
  }
  Set& set = sets_[asked->second];
  asked_.erase(asked);
  exchange_.Forget(*match.id);
  log_.Debug("reply from {} after {:.1f} ms: {}", match.source.ToString(),
             std::chrono::duration<double, std::milli>(match.rtt).count(), match.mapped.ToString());
  RecordReply(report_, {set.region, set.family, match.mapped, match.rtt});
  set.over = true;
  ArmEnoughTimer(now);
}

void StunPhase::End(Set& set, Try& attempt, std::string_view why) {
  attempt.state = State::kEnded;
  log_.Debug("node {} over {}: {}", PrintablePeerText(attempt.node->name), FamilyName(set.family),
             why);
}

void StunPhase::EndIfAllEnded(Set& set) {
  const bool all = std::all_of(set.tries.begin(), set.tries.end(),
                               [](const Try& attempt) { return attempt.state == State::kEnded; });
  if (all) set.over = true;
}

// The slowest region so far had its time; the others get twice that.
void StunPhase::ArmEnoughTimer(TimePoint now) {
  if (report_.region_latency.size() != enough_regions_) return;
  Duration slowest{};
  for (const auto& [region, latency] : report_.region_latency) slowest = std::max(slowest, latency);
  limit_ = std::min(limit_, now + 2 * slowest);
}

TimePoint StunPhase::NextWake() const {
  TimePoint next = limit_;
  for (const Set& set : sets_) {
    if (set.over) continue;
    for (const Try& attempt : set.tries) {
      if (attempt.state == State::kReady) return TimePoint::min();
      if (attempt.state == State::kWaiting) next = std::min(next, attempt.at);
    }
  }
  return next;
}

bool StunPhase::Over(TimePoint now) const {
  return now >= limit_ ||
         std::all_of(sets_.begin(), sets_.end(), [](const Set& set) { return set.over; });
}

}  // namespace derp::netcheck
