#include "stunc/query.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/net/sockets.h"

namespace derp::stunc {
namespace {

// The reference's words.
std::string MismatchText(const stun::TransactionId& got, const stun::TransactionId& want) {
  return fmt::format("txid mismatch: got [{}], want [{}]", fmt::join(got.bytes, " "),
                     fmt::join(want.bytes, " "));
}

std::string StrayText(const stun::Match& match, const stun::TransactionId& want) {
  if (match.kind == stun::MatchKind::kUnknown) return MismatchText(*match.id, want);
  return std::string(stun::MessageErrorText(match.error));
}

class Query {
 public:
  Query(const QueryTools& tools, stun::Exchange& exchange, const SocketAddress& target,
        const QueryPlan& plan)
      : tools_(tools),
        exchange_(exchange),
        target_(target),
        started_(tools.clock.Now()),
        schedule_(plan.schedule, started_) {
    if (plan.limit) deadline_ = started_ + *plan.limit;
    tools.random.Fill(result_.id.bytes);
  }

  QueryResult Run() {
    while (!Step()) {
    }
    result_.sends = schedule_.sent();
    result_.waited = tools_.clock.Now() - started_;
    return std::move(result_);
  }

 private:
  // True when the query is over.
  bool Step() {
    using Action = stun::RetransmissionSchedule::Action;
    const Action action = schedule_.Step(tools_.clock.Now());
    if (action == Action::kGiveUp) return GiveUp();
    if (action == Action::kSend && !Send()) return true;
    if (deadline_ && tools_.clock.Now() >= *deadline_) return GiveUp();
    return Receive(deadline_ ? std::min(*deadline_, schedule_.next()) : schedule_.next());
  }

  bool Send() {
    const TimePoint now = tools_.clock.Now();
    const auto sent = net::SendTo(tools_.fd, stun::BuildRequest(result_.id), target_);
    if (sent) {
      exchange_.Sent(result_.id, target_, now);
    } else if (schedule_.sent() == 1) {
      result_.failure = Failure::kSend;
      result_.error = sent.error().context;
      return false;
    }
    return true;  // A repeat that could not be sent is a lost one.
  }

  bool Receive(TimePoint until) {
    const auto datagram = net::ReceiveFrom(tools_.fd, until);
    if (datagram) return Judge(*datagram);
    switch (datagram.error().code) {
      case ErrorCode::kTimeout:
        timeout_text_ = datagram.error().context;
        return false;
      case ErrorCode::kRefused:
        refused_ = true;
        return false;
      case ErrorCode::kUnreachable:
        return false;
      default:
        result_.failure = Failure::kReceive;
        result_.error = datagram.error().context;
        return true;
    }
  }

  bool Judge(const net::Datagram& datagram) {
    stun::Match match = exchange_.Receive(datagram.bytes, datagram.source, tools_.clock.Now());
    const bool ours = match.id == result_.id;
    if (ours &&
        (match.kind == stun::MatchKind::kAnswer || match.kind == stun::MatchKind::kForeignSource)) {
      result_.reply = Reply{std::move(match), datagram.source, datagram.bytes};
      return true;
    }
    // Duplicates and late answers to earlier requests of the same run are nobody's fault.
    using Kind = stun::MatchKind;
    if (match.kind == Kind::kUnknown || match.kind == Kind::kError ||
        match.kind == Kind::kMalformed) {
      stray_ = StrayText(match, result_.id);
    }
    return false;
  }

  bool GiveUp() {
    if (!stray_.empty()) {
      result_.failure = Failure::kMalformed;
      result_.error = stray_;
      return true;
    }
    if (timeout_text_.empty()) TakeTimeoutText();
    result_.failure = refused_ ? Failure::kRefused : Failure::kNoReply;
    result_.error = timeout_text_;
    return true;
  }

  // When the limit is zero nothing was waited for yet. Reports of ICMP may stand before the end.
  void TakeTimeoutText() {
    constexpr int kMostReports = 16;
    for (int i = 0; i < kMostReports && timeout_text_.empty(); ++i) {
      const auto datagram = net::ReceiveFrom(tools_.fd, started_);
      if (datagram) continue;
      refused_ = refused_ || datagram.error().code == ErrorCode::kRefused;
      if (datagram.error().code == ErrorCode::kTimeout) timeout_text_ = datagram.error().context;
    }
  }

  const QueryTools& tools_;
  stun::Exchange& exchange_;
  const SocketAddress target_;
  const TimePoint started_;
  stun::RetransmissionSchedule schedule_;
  std::optional<TimePoint> deadline_;
  bool refused_ = false;
  std::string stray_;
  std::string timeout_text_;
  QueryResult result_;
};

}  // namespace

QueryResult Ask(const QueryTools& tools, stun::Exchange& exchange, const SocketAddress& target,
                const QueryPlan& plan) {
  return Query(tools, exchange, target, plan).Run();
}

}  // namespace derp::stunc
