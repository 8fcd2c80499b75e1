#include "derper/limits/source_limit.h"

#include <algorithm>
#include <utility>

#include "derper/limits/limits.h"

namespace derp::relay {

SourceLimit::SourceLimit(Limits& limits, std::shared_ptr<KeyAccount> account, TimePoint now)
    : limits_(limits), account_(std::move(account)) {
  Renew(now);
}

SourceLimit::~SourceLimit() {
  StopWaiting();
  if (global_) global_->Leave(share_);
  limits_.Leave(*account_);
}

void SourceLimit::Renew(TimePoint now) {
  if (global_) global_->Leave(share_);
  Limits::Applied applied = limits_.AppliedFor(account_->key());
  generation_ = applied.generation;
  global_ = std::move(applied.global);
  shares_bucket_ = applied.override_rate && applied.override_rate->per_second > 0;
  bucket_.reset();
  if (!applied.override_rate && applied.client.per_second > 0) {
    bucket_.emplace(static_cast<double>(applied.client.per_second),
                    static_cast<double>(applied.client.burst), now);
  }
  limits_rate_ = bucket_ || shares_bucket_ || global_;
  has_quota_ = account_->quota() > 0;
}

Duration SourceLimit::Charge(std::uint32_t length, TimePoint now) {
  if (generation_ != limits_.generation()) Renew(now);
  if (!limits_rate_) return Duration::zero();
  owed_ = std::min<std::uint64_t>(length, kMaxCharge);
  return ChargeOwn(now);
}

Duration SourceLimit::ChargeOwn(TimePoint now) {
  Duration wait{};
  if (bucket_) {
    wait = bucket_->Borrow(static_cast<double>(owed_), now);
  } else if (shares_bucket_) {
    wait = account_->Borrow(owed_, now);
  }
  return wait > Duration::zero() ? Wait(Waiting::kOwn, wait, now) : ChargeGlobal(now);
}

Duration SourceLimit::ChargeGlobal(TimePoint now) {
  if (!global_ || share_.Spend(owed_)) return Duration::zero();
  const Duration wait = global_->Take(share_, owed_, now);
  if (wait > Duration::zero()) return Wait(Waiting::kGlobal, wait, now);
  share_.Spend(owed_);
  return Duration::zero();
}

// A wait for the common allowance may go on for some turns; it is one wait.
Duration SourceLimit::Wait(Waiting waiting, Duration wait, TimePoint now) {
  if (waiting_ == waiting) return wait;
  waiting_ = waiting;
  const bool global = waiting == Waiting::kGlobal;
  (global ? limits_.global_paused_ : limits_.own_paused_).fetch_add(1, std::memory_order_relaxed);
  limits_.NoteWait(*account_, global, wait, now);
  return wait;
}

void SourceLimit::StopWaiting() {
  if (waiting_ == Waiting::kNo) return;
  const bool global = std::exchange(waiting_, Waiting::kNo) == Waiting::kGlobal;
  (global ? limits_.global_paused_ : limits_.own_paused_).fetch_sub(1, std::memory_order_relaxed);
}

Duration SourceLimit::Continue(TimePoint now) {
  if (waiting_ == Waiting::kOwn) StopWaiting();
  const Duration wait = ChargeGlobal(now);
  if (wait == Duration::zero()) StopWaiting();
  return wait;
}

Duration SourceLimit::Restart(TimePoint now) {
  StopWaiting();
  Renew(now);
  return limits_rate_ ? ChargeOwn(now) : Duration::zero();
}

bool SourceLimit::TakeFromQuota(std::size_t bytes, bool disco, WallTime now) {
  limits_.NoteDay(now);
  if (account_->quota() == 0 || account_->TakeQuota(bytes)) return true;
  limits_.NoteDrop(*account_, bytes, disco);
  return false;
}

}  // namespace derp::relay
