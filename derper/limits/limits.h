// The receive limits of the process, read from -rate-config and again on request: per connection,
// per key and for all together, and the quotas of the day (derper.md 8, derp-protocol.md 5.11).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "derper/limits/quota_file.h"
#include "derper/limits/quota_keeper.h"
#include "derper/limits/rate_config.h"
#include "derper/limits/source_limit.h"

namespace derp::relay {

struct LimitsOptions {
  std::string file;
  std::string state_dir;  // empty: quotas are kept in memory only
  Duration save_interval = std::chrono::minutes(1);
};

// What is known about the limits of one key.
struct KeyUsage {
  std::uint64_t quota = 0;  // bytes per UTC day, 0: none
  std::uint64_t used = 0;   // of it today; counted only where there is a quota
  std::uint64_t dropped_packets = 0, dropped_bytes = 0;  // today, above the quota
  std::uint64_t waits = 0;                               // since the key's first connection
  Duration waited{};
};

// Any thread, but for Reload() and OnApplied(). Outlives every SourceLimit.
class Limits {
 public:
  // An error names the file, the member and its value. `clock` and `logger` outlive the object.
  static Expected<std::unique_ptr<Limits>, Error> Load(const LimitsOptions& options,
                                                       const Clock& clock, const Logger& logger);
  ~Limits();  // keeps what was used today
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

  // Reads the file again. What is wrong with it leaves everything as it was; else all connections
  // have the new limits, with full buckets. Logs as the Go program does.
  Expected<std::string, Error> Reload();
  // Called after each Reload() that applied something; empty for nobody.
  void OnApplied(std::function<void()> callback) { on_applied_ = std::move(callback); }

  // For a connection that logged in. Mesh peers have no limits and are not to be asked about.
  std::unique_ptr<SourceLimit> Admit(const NodePublic& key, TimePoint now);

  std::optional<KeyUsage> Usage(const NodePublic& key);
  // Bytes used today, of keys that have a quota.
  QuotaTable Used();
  // derp_rate_limit_* and derper_limit_*, derper_quota_*; the object outlives the source.
  metrics::Registry::Source MetricsSource();

 private:
  friend class SourceLimit;

  struct Applied {
    std::uint64_t generation = 0;
    ByteRate client;
    std::optional<ByteRate> override_rate;
    std::shared_ptr<FairBucket> global;
  };
  Limits(const LimitsOptions& options, const Clock& clock, const Logger& logger);
  void Apply(RateConfig config);
  void ApplyTo(KeyAccount& account, TimePoint now) DERP_REQUIRES(mutex_);
  // Logs what the file says, and what about it may be a mistake.
  void Tell(const RateConfig& config) const;
  // Once there is a quota and a place: takes up what was used today, and keeps it from now on.
  void KeepQuotas();

  // For SourceLimit.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  Applied AppliedFor(const NodePublic& key) const;
  void AppendMetrics(std::vector<metrics::Family>& out);
  void Leave(KeyAccount& account);
  void NoteDay(WallTime now);
  void NoteWait(KeyAccount& account, bool global, Duration wait, TimePoint now);
  void NoteDrop(KeyAccount& account, std::size_t bytes, bool disco);

  std::shared_ptr<KeyAccount> AccountOf(const NodePublic& key, TimePoint now) DERP_REQUIRES(mutex_);
  void ForgetIdle() DERP_REQUIRES(mutex_);

  const LimitsOptions options_;
  const Clock& clock_;
  const Logger& logger_;
  RateLimitedLog wait_log_, quota_log_;
  std::function<void()> on_applied_;

  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::int64_t> day_;
  mutable Mutex mutex_;
  RateConfig config_ DERP_GUARDED_BY(mutex_);
  std::shared_ptr<FairBucket> global_ DERP_GUARDED_BY(mutex_);
  std::map<NodePublic, std::shared_ptr<KeyAccount>> accounts_ DERP_GUARDED_BY(mutex_);

  std::atomic<std::uint64_t> own_waits_{0}, global_waits_{0};
  std::atomic<std::int64_t> own_paused_{0}, global_paused_{0};
  std::array<std::atomic<std::uint64_t>, 2> dropped_packets_{}, dropped_bytes_{};  // disco, other
  std::shared_ptr<QuotaKeeper> keeper_ DERP_GUARDED_BY(mutex_);  // when there is something to keep
};

}  // namespace derp::relay
