#include "common/stun/retransmission.h"

#include <algorithm>

namespace derp::stun {

RetransmissionSchedule::RetransmissionSchedule(const RetransmissionOptions& options,
                                               TimePoint start)
    : options_(options), wait_(options.initial_wait), next_(start) {
  options_.sends = std::max(options_.sends, 1U);
}

RetransmissionSchedule::Action RetransmissionSchedule::Step(TimePoint now) {
  if (now < next_) return Action::kWait;
  if (sent_ == options_.sends) return Action::kGiveUp;
  ++sent_;
  if (sent_ == options_.sends) {
    next_ += options_.initial_wait * options_.final_wait;
  } else {
    next_ += wait_;
    wait_ *= 2;
  }
  return Action::kSend;
}

}  // namespace derp::stun
