// When to send a request again and when to give up (RFC 8489 6.2.1), as a state machine without
// timers: time is handed in. All sends of one request carry the same bytes, so an answer that comes
// after the second send cannot be told to belong to it rather than to the first.
#pragma once

#include "common/base/clock.h"

namespace derp::stun {

struct RetransmissionOptions {
  Duration initial_wait = std::chrono::milliseconds(500);  // RTO; doubles after every send
  unsigned sends = 7;                                      // Rc: the first one and its repeats
  unsigned final_wait = 16;  // Rm: the wait after the last send, in units of initial_wait
};

class RetransmissionSchedule {
 public:
  // `options.sends` of 0 counts as 1.
  RetransmissionSchedule(const RetransmissionOptions& options, TimePoint start);

  // The time of the next send, or of giving up once all are sent.
  TimePoint next() const { return next_; }
  unsigned sent() const { return sent_; }

  enum class Action { kWait, kSend, kGiveUp };
  // What to do at `now`. kSend counts as done: the next send is planned from its due time, so that
  // late calls do not stretch the plan.
  Action Step(TimePoint now);

 private:
  RetransmissionOptions options_;
  Duration wait_;
  TimePoint next_;
  unsigned sent_ = 0;
};

}  // namespace derp::stun
