#include "derper/limits/fair_bucket.h"

#include <algorithm>
#include <utility>

#include "derper/limits/rate_config.h"

namespace derp::relay {
namespace {

// What a share is at least, so that a crowd is served some at a time and not byte by byte.
constexpr std::uint64_t kLeastShare = 2048;
// A source that asks again so soon after its last grant could use more than it asks for.
constexpr auto kHungry = 5 * FairBucket::kTick;
// What was taken ahead so long ago is given back before more is asked for.
constexpr auto kStale = std::chrono::milliseconds(100);
constexpr auto kLongestWait = std::chrono::seconds(1);
constexpr int kRounds = 4;  // of sharing out what others left of their shares

}  // namespace

FairBucket::FairBucket(std::uint64_t per_second, TimePoint now)
    : per_second_(static_cast<double>(per_second)),
      burst_(std::max(static_cast<double>(kMaxCharge), per_second_ / 10)),
      tokens_(burst_),
      last_(now),
      shared_at_(now) {}

// Until all are served, or until it had as many shares as it needs, whichever comes first.
Duration FairBucket::TimeFor(const Account& account) const {
  const std::uint64_t lacks = std::max(account.need_ - account.granted_, kLeastShare);
  const std::uint64_t bytes = std::min(wanted_, lacks * waiting_.size());
  const double seconds = static_cast<double>(bytes) / per_second_;
  if (seconds >= std::chrono::duration<double>(kLongestWait).count()) return kLongestWait;
  return std::max<Duration>(
      kTick, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

Duration FairBucket::Take(Account& account, std::uint64_t bytes, TimePoint now) {
  const MutexLock lock(mutex_);
  Refill(now);
  if (!waiting_.empty() && now - shared_at_ >= kTick) {
    shared_at_ = now;
    Distribute();
  }
  if (account.waiting_) return TimeFor(account);
  Collect(account, now);
  if (account.credit_ >= bytes) return Duration::zero();
  const std::uint64_t missing = bytes - account.credit_;
  if (TakeAtOnce(account, missing, now)) return Duration::zero();
  BeginToWait(account, missing, now);
  return TimeFor(account);
}

void FairBucket::Refill(TimePoint now) {
  if (now <= last_) return;
  const double elapsed = std::chrono::duration<double>(now - last_).count();
  tokens_ = std::min(burst_, tokens_ + per_second_ * elapsed);
  last_ = now;
}

void FairBucket::Collect(Account& account, TimePoint now) {
  if (account.granted_ > 0) {
    account.obtained_ += account.granted_;
    account.credit_ += std::exchange(account.granted_, 0);
    account.collected_at_ = now;
  } else if (account.credit_ > 0 && now - account.collected_at_ > kStale) {
    tokens_ = std::min(burst_, tokens_ + static_cast<double>(std::exchange(account.credit_, 0)));
  }
}

// Only while there is plenty: when those who waited took all there was, everybody waits for the
// next sharing out, or whoever asks first would have what comes in between.
bool FairBucket::TakeAtOnce(Account& account, std::uint64_t missing, TimePoint now) {
  if (!waiting_.empty() || tokens_ < static_cast<double>(missing)) return false;
  if (scarce_ && now - shared_at_ < kTick) return false;
  std::uint64_t bytes = missing;
  if (tokens_ >= burst_ / 2) {
    bytes = std::max(bytes, std::min(kAhead, static_cast<std::uint64_t>(tokens_ / 4)));
  }
  tokens_ -= static_cast<double>(bytes);
  account.credit_ += bytes;
  account.obtained_ += bytes;
  account.collected_at_ = now;
  return true;
}

void FairBucket::BeginToWait(Account& account, std::uint64_t missing, TimePoint now) {
  const bool hungry = now - account.collected_at_ <= kHungry;
  account.need_ = missing;
  account.appetite_ = hungry ? std::max({missing, 2 * account.obtained_, kLeastShare}) : missing;
  account.obtained_ = 0;
  account.waiting_ = true;
  account.place_ = waiting_.insert(waiting_.end(), &account);
  wanted_ += missing;
  if (waiting_.size() == 1 && !scarce_) shared_at_ = now;  // others have a tick to come as well
}

// As many as get a useful share, from the front; who is not satisfied goes to the back.
void FairBucket::Distribute() {
  const auto affordable = static_cast<std::size_t>(tokens_ / static_cast<double>(kLeastShare));
  const std::size_t count = std::clamp<std::size_t>(affordable, 1, waiting_.size());
  round_.assign(waiting_.begin(), std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(count)));
  std::size_t open = count;
  for (int round = 0; round < kRounds && open > 0 && tokens_ >= 1; ++round) {
    const std::uint64_t share =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(tokens_) / open);
    open = 0;
    for (Account* account : round_) {
      const std::uint64_t lacks =
          account->appetite_ - std::min(account->appetite_, account->granted_);
      Grant(*account, std::min({lacks, share, static_cast<std::uint64_t>(tokens_)}));
      if (account->granted_ < account->appetite_) ++open;
    }
  }
  for (Account* account : round_) {
    if (account->granted_ >= account->need_) {
      StopWaiting(*account);
    } else {
      waiting_.splice(waiting_.end(), waiting_, account->place_);
    }
  }
  scarce_ = !waiting_.empty() || tokens_ < static_cast<double>(kLeastShare);
}

void FairBucket::Grant(Account& account, std::uint64_t bytes) {
  const std::uint64_t lacked = account.need_ - std::min(account.need_, account.granted_);
  account.granted_ += bytes;
  tokens_ -= static_cast<double>(bytes);
  wanted_ -= std::min(bytes, lacked);
}

void FairBucket::StopWaiting(Account& account) {
  waiting_.erase(account.place_);
  account.waiting_ = false;
}

void FairBucket::Leave(Account& account) {
  const MutexLock lock(mutex_);
  if (account.waiting_) {
    wanted_ -= account.need_ - std::min(account.need_, account.granted_);
    StopWaiting(account);
  }
  tokens_ = std::min(burst_, tokens_ + static_cast<double>(account.credit_ + account.granted_));
  account = Account();
}

}  // namespace derp::relay
