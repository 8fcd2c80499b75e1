#include "derper/admission/decision.h"

namespace derp::admission {

std::optional<Decided> Decision::Add(MethodKind method, const Verdict& verdict) {
  --missing_;
  if (done_) return std::nullopt;
  const Decided said{.reason = verdict.reason, .method = method, .text = verdict.text};
  if (verdict.outcome == Outcome::kAdmit) admitted_ = true;
  if (verdict.outcome == Outcome::kRefuse && !refusal_) refusal_ = said;
  if (verdict.outcome == Outcome::kAbstain && !abstention_) abstention_ = said;

  const bool admit_now = mode_ == Mode::kAny && admitted_;
  const bool refuse_now = mode_ == Mode::kAll && refusal_;
  done_ = admit_now || refuse_now || missing_ == 0;
  if (!done_) return std::nullopt;
  if (admit_now) {
    return Decided{.admitted = true, .reason = verdict.reason, .method = method};
  }
  if (refusal_) return refusal_;
  Decided decided = abstention_.value_or(said);
  decided.admitted = true;
  decided.fail_open = abstention_.has_value();
  return decided;
}

}  // namespace derp::admission
