// The limits of one connection as its worker meets them: what a frame costs, how long its source
// waits, and whether today's quota still takes a packet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/base/token_bucket.h"
#include "derper/limits/fair_bucket.h"
#include "derper/limits/key_account.h"

namespace derp::relay {

class Limits;

// One thread at a time. `limits` outlives it.
class SourceLimit {
 public:
  SourceLimit(Limits& limits, std::shared_ptr<KeyAccount> account, TimePoint now);
  ~SourceLimit();
  SourceLimit(const SourceLimit&) = delete;
  SourceLimit& operator=(const SourceLimit&) = delete;

  // A frame came, by the length in its header. Zero: handle it. Else the source is to be left
  // unread for that long, and then asked about with Continue().
  Duration Charge(std::uint32_t length, TimePoint now);
  Duration Continue(TimePoint now);
  // The limits have changed: the wait under way begins anew with them.
  Duration Restart(TimePoint now);

  // A packet to be relayed. False: it is above the day's quota, counted, and to be dropped.
  bool TakeQuota(std::size_t bytes, bool disco, WallTime now) {
    return !has_quota_ || TakeFromQuota(bytes, disco, now);
  }

  // Frames may have to wait, so reading far ahead is no use.
  bool limits_rate() const { return limits_rate_; }

 private:
  enum class Waiting { kNo, kOwn, kGlobal };

  void Renew(TimePoint now);
  Duration ChargeOwn(TimePoint now);
  Duration ChargeGlobal(TimePoint now);
  Duration Wait(Waiting waiting, Duration wait, TimePoint now);
  void StopWaiting();
  bool TakeFromQuota(std::size_t bytes, bool disco, WallTime now);

  Limits& limits_;
  const std::shared_ptr<KeyAccount> account_;
  std::uint64_t generation_ = 0;  // of the limits below
  bool limits_rate_ = false;
  bool has_quota_ = false;
  bool shares_bucket_ = false;         // the key's, over all its connections
  std::optional<TokenBucket> bucket_;  // the connection's own
  std::shared_ptr<FairBucket> global_;
  FairBucket::Account share_;  // of global_

  Waiting waiting_ = Waiting::kNo;
  std::uint64_t owed_ = 0;  // by the frame being charged
};

}  // namespace derp::relay
