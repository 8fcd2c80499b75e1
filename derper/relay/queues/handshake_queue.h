// TLS handshakes are expensive: while relay work waits, one step runs per turn and at most a fifth
// of a worker's time goes there, so that a reconnect storm does not stall relaying.
#pragma once

#include <deque>
#include <optional>

#include "common/base/clock.h"
#include "derper/relay/registry/connection_ref.h"

namespace derp::relay {

// One thread. Time is handed in and must be exact, not a turn's.
class HandshakeQueue {
 public:
  void Add(ConnectionRef connection) { waiting_.push_back(connection); }
  bool empty() const { return waiting_.empty(); }

  void BeginTurn(bool relay_work, TimePoint now) {
    relay_work_ = relay_work;
    turn_began_ = now;
    steps_ = 0;
  }

  // Whose step is next; nothing when the turn's share is used up.
  std::optional<ConnectionRef> Next(TimePoint now) {
    if (waiting_.empty()) return std::nullopt;
    if (relay_work_ && (steps_ > 0 || now < not_before_)) return std::nullopt;
    if (now - turn_began_ > kMaxTurn) return std::nullopt;
    ++steps_;
    step_began_ = now;
    const ConnectionRef next = waiting_.front();
    waiting_.pop_front();
    return next;
  }
  void Done(TimePoint now) { not_before_ = now + kShare * (now - step_began_); }

 private:
  static constexpr auto kMaxTurn = std::chrono::milliseconds(5);
  static constexpr int kShare = 4;  // four parts for relaying, one for handshakes

  std::deque<ConnectionRef> waiting_;
  bool relay_work_ = false;
  int steps_ = 0;
  TimePoint turn_began_{};
  TimePoint step_began_{};
  TimePoint not_before_{};
};

}  // namespace derp::relay
