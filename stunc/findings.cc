#include "stunc/findings.h"

#include <fmt/format.h>

#include "stunc/words.h"

namespace derp::stunc {
namespace {

std::string_view FamilyText(AddressFamily family) {
  return family == AddressFamily::kIpv4 ? "IPv4" : "IPv6";
}

bool IsPrivate(const IpAddress& ip) {
  return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocal() || ip.IsUnspecified();
}

bool IsPublic(const IpAddress& ip) { return !IsPrivate(ip) && !ip.IsCgnat() && !ip.IsMulticast(); }

std::string Tally(const Asked& asked, const QueryResult& result) {
  return fmt::format("0 of {} replies in {} over {}", result.sends, WaitText(result.waited),
                     FamilyText(asked.target.ip.family()));
}

std::optional<Finding> JudgeFailure(const Asked& asked, const QueryResult& result) {
  switch (result.failure) {
    case Failure::kNoReply:
      return Finding{
          Severity::kError, "stun.no_reply", "", Tally(asked, result),
          asked.most_sends > 1
              ? "open UDP " + std::to_string(asked.target.port) + " on host and cloud firewall"
              : "open UDP " + std::to_string(asked.target.port) +
                    " on host and cloud firewall; try stunc --retries 3"};
    case Failure::kRefused:
      return Finding{Severity::kError, "stun.refused", "port unreachable",
                     Tally(asked, result) + "; ICMP says nothing listens on the port",
                     "start the STUN server, or check the port: derper -stun-port"};
    case Failure::kMalformed:
      return Finding{Severity::kError, "stun.malformed", "answers, but not to the request",
                     Tally(asked, result) + "; last: " + result.error,
                     "see what listens on this port; it does not speak STUN as a relay does"};
    case Failure::kNone:
    case Failure::kSend:
    case Failure::kReceive:
      return std::nullopt;  // The error text of the system call says it all.
  }
  return std::nullopt;
}

std::optional<Finding> JudgeSource(const Reply& reply) {
  if (reply.match.kind != stun::MatchKind::kForeignSource) return std::nullopt;
  return Finding{Severity::kError, "stun.foreign_source", "answered from elsewhere",
                 fmt::format("the answer came from {}, not from the address that was asked",
                             reply.match.source.ToString()),
                 "let the server answer from the address it was asked on; clients behind NAT never "
                 "see this answer"};
}

std::optional<Finding> JudgeMapped(const Asked& asked, const Reply& reply) {
  const SocketAddress& mapped = reply.match.mapped;
  const IpAddress& target = asked.target.ip;
  if (mapped.ip.family() != target.family()) {
    return Finding{Severity::kWarning, "stun.mapped_family", "answers with the other family",
                   fmt::format("asked over {}, the answer says {}", FamilyText(target.family()),
                               mapped.ToString()),
                   "look for a translating proxy in front of the server"};
  }
  if (asked.local && mapped.ip == asked.local->ip) return std::nullopt;
  const bool own_of_server = mapped.ip == target;
  if (!own_of_server && !IsPrivate(mapped.ip)) return std::nullopt;
  if (!own_of_server && !IsPublic(target)) return std::nullopt;  // A private network's own NAT.
  return Finding{Severity::kWarning, "stun.mapped_private",
                 "sees a private address that is not yours",
                 fmt::format("the answer says {}{}", mapped.ToString(),
                             own_of_server ? ", which is the server's own address" : ""),
                 "a proxy in front of the server rewrites the source; run it with host networking"};
}

}  // namespace

std::string_view SeverityName(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

std::vector<Finding> JudgeQuery(const Asked& asked, const QueryResult& result) {
  std::vector<Finding> findings;
  const auto add = [&findings](std::optional<Finding> finding) {
    if (finding) findings.push_back(*std::move(finding));
  };
  if (result.reply) {
    add(JudgeSource(*result.reply));
    add(JudgeMapped(asked, *result.reply));
  } else {
    add(JudgeFailure(asked, result));
  }
  return findings;
}

std::string NatText(const Asked& asked, const SocketAddress& mapped) {
  if (!asked.local) return {};
  if (mapped == *asked.local) return "no NAT in between";
  const std::string local = asked.local->ToString();
  if (mapped.ip == asked.local->ip) return fmt::format("your port is rewritten (local {})", local);
  return fmt::format("you are behind NAT (local {})", local);
}

}  // namespace derp::stunc
