#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/stage_stun.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr double kLossShare = 0.05;

bool IsPublic(const IpAddress& ip) {
  return !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsCgnat() && !ip.IsLinkLocal();
}

// "0 of 5 replies in 3 s from 192.0.2.1:3478"
std::string Replies(const StunOutcome& outcome) {
  return fmt::format("{} of {} replies in {} from {}", outcome.rtts.size(), outcome.sent,
                     ShortDuration(outcome.duration), outcome.target.ToString());
}

std::string_view FamilyWord(const StunOutcome& outcome) {
  return outcome.target.ip.is_v4() ? "IPv4" : "IPv6";
}

// None of the requests got a right answer: why?
Finding Unanswered(const StunOutcome& outcome) {
  if (outcome.plain_answered) {
    return MakeFinding(
        "stun.not_derper", "answers other STUN clients than Tailscale's",
        fmt::format("{}, but a request without attributes was answered", Replies(outcome)),
        "serve STUN by the relay itself");
  }
  if (outcome.foreign_source) {
    return MakeFinding("stun.foreign_source", "answers from another address than was asked",
                       fmt::format("asked {}, answered by {}", outcome.target.ToString(),
                                   outcome.foreign_source->ToString()),
                       "make the relay answer from the address that was asked");
  }
  if (!outcome.malformed.empty()) {
    return MakeFinding("stun.malformed", "what answers is of no use to clients",
                       fmt::format("{}; last answer: {}", Replies(outcome), outcome.malformed),
                       "correct STUNPort in the map");
  }
  if (outcome.refused) {
    return MakeFinding("stun.refused", "nobody listens on the STUN port",
                       fmt::format("{}: ICMP port unreachable", outcome.target.ToString()),
                       "start derper with STUN, or write STUNPort -1 into the map");
  }
  return MakeFinding("stun.no_reply", fmt::format("silent over {}", FamilyWord(outcome)),
                     Replies(outcome),
                     fmt::format("open UDP {} on host and cloud firewall; try stunc {}",
                                 outcome.target.port, outcome.target.ip.ToString()));
}

std::optional<Finding> JudgeMappedPrivate(const StunOutcome& outcome) {
  if (!outcome.mapped) return std::nullopt;
  const IpAddress& mapped = outcome.mapped->ip;
  // The one that packets to the relay leave with: others of this machine (a bridge of its own
  // containers) prove nothing.
  if (outcome.local && *outcome.local == mapped) return std::nullopt;
  const bool suspicious = !IsPublic(mapped) || mapped == outcome.target.ip;
  if (!suspicious || !IsPublic(outcome.target.ip)) return std::nullopt;
  return MakeFinding("stun.mapped_private", "reports an address that is not the prober's",
                     fmt::format("it reports {}, this machine is {}", outcome.mapped->ToString(),
                                 outcome.local ? outcome.local->ToString() : "unknown"),
                     "run the relay with host networking (a proxy rewrites the source)");
}

std::optional<Finding> JudgeMappedFamily(const StunOutcome& outcome) {
  if (!outcome.mapped) return std::nullopt;
  if (outcome.mapped->ip.family() == outcome.target.ip.family()) return std::nullopt;
  return MakeFinding(
      "stun.mapped_family", "reports an address of the other family",
      fmt::format("asked over {}, it reports {}", FamilyWord(outcome), outcome.mapped->ToString()),
      "give the relay an address of that family, or write \"none\" into the map");
}

std::optional<Finding> JudgeLoss(const StunOutcome& outcome) {
  const int lost = outcome.sent - static_cast<int>(outcome.rtts.size());
  if (lost < 2 || lost <= kLossShare * outcome.sent) return std::nullopt;
  return MakeFinding("stun.loss", fmt::format("loses requests over {}", FamilyWord(outcome)),
                     Replies(outcome), "look at the line and the relay's load");
}

}  // namespace

std::optional<Duration> Median(std::vector<Duration> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::optional<Finding> JudgeStun(const StunOutcome& outcome) {
  std::optional<Finding> finding;
  if (outcome.rtts.empty()) {
    finding = Unanswered(outcome);
  } else {
    // In the contract's order: the first counts, the others are data (rule 6).
    for (auto each :
         {JudgeLoss(outcome), JudgeMappedPrivate(outcome), JudgeMappedFamily(outcome)}) {
      if (!each) continue;
      if (finding) {
        finding->data.try_emplace("also", each->code);
      } else {
        finding = std::move(each);
      }
    }
  }
  if (!finding) return std::nullopt;
  finding->data["sent"] = std::int64_t{outcome.sent};
  finding->data["answered"] = static_cast<std::int64_t>(outcome.rtts.size());
  if (outcome.error) finding->data["error"] = outcome.error->context;
  return finding;
}

}  // namespace derp::diagnosis
