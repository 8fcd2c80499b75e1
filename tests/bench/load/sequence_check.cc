#include "tests/bench/load/sequence_check.h"

namespace derp::load {

SequenceCheck::Verdict SequenceCheck::TakeAhead(std::uint64_t number) {
  if (number - next_ >= kRemembered) {
    seen_ = {};
  } else {
    for (std::uint64_t missing = next_; missing < number; ++missing) {
      WordOf(missing) &= ~BitOf(missing);
    }
  }
  Set(number);
  next_ = number + 1;
  ++received_;
  return Verdict::kAfterGap;
}

SequenceCheck::Verdict SequenceCheck::TakeBehind(std::uint64_t number) {
  if (next_ - number <= kRemembered) {
    if ((WordOf(number) & BitOf(number)) != 0) return Verdict::kDuplicate;
    Set(number);
  }
  ++received_;
  return Verdict::kLate;
}

}  // namespace derp::load
