#include "derper/limits/limits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"

namespace derp::relay {
namespace {

constexpr std::string_view kQuotaFile = "/daily-quotas";
// Keys without a connection whose bytes of today are remembered. Above, those with the fewest are
// forgotten: they lose the least by it.
constexpr std::size_t kMaxAccounts = 100'000;
constexpr double kLogBurst = 10;
constexpr auto kLogInterval = std::chrono::seconds(10);

std::string AppliedText(const RateConfig& config) {
  std::string text = fmt::format(
      "rate config applied: client-rate={} bytes/sec, client-burst={} "
      "bytes",
      config.client.per_second, config.client.burst);
  if (config.global_rate > 0) text += fmt::format(", global-rate={} bytes/sec", config.global_rate);
  if (config.daily_quota > 0) text += fmt::format(", daily-quota={} bytes", config.daily_quota);
  if (!config.overrides.empty()) text += fmt::format(", overrides={}", config.overrides.size());
  return text;
}

}  // namespace

Limits::Limits(const LimitsOptions& options, const Clock& clock, const Logger& logger)
    : options_(options),
      clock_(clock),
      logger_(logger),
      wait_log_(logger, clock, kLogBurst, kLogInterval),
      quota_log_(logger, clock, kLogBurst, kLogInterval),
      day_(DayOf(clock.WallNow())) {}

Limits::~Limits() {
  std::shared_ptr<QuotaKeeper> keeper;
  {
    const MutexLock lock(mutex_);
    keeper = std::move(keeper_);
  }
}

Expected<std::unique_ptr<Limits>, Error> Limits::Load(const LimitsOptions& options,
                                                      const Clock& clock, const Logger& logger) {
  std::unique_ptr<Limits> limits(new Limits(options, clock, logger));
  auto config = ReadRateConfig(options.file);
  if (!config) return Fail(config.error());
  limits->Tell(*config);
  limits->Apply(std::move(*config));
  limits->KeepQuotas();
  return limits;
}

Expected<std::string, Error> Limits::Reload() {
  logger_.Info("derper: received SIGHUP, reloading rate config from {}", options_.file);
  auto config = ReadRateConfig(options_.file);
  if (!config) {
    logger_.Error("derper: rate config reload failed: {}", config.error().context);
    return Fail(config.error());
  }
  Tell(*config);
  std::string text = AppliedText(*config);
  Apply(std::move(*config));
  KeepQuotas();
  logger_.Info("derper: rate config reloaded successfully");
  if (on_applied_) on_applied_();
  return text;
}

void Limits::Tell(const RateConfig& config) const {
  logger_.Info("{}", AppliedText(config));
  if (!config.unknown.empty()) {
    logger_.Warn("derper: {}: members that mean nothing here: {}", options_.file,
                 Join(config.unknown, ", "));
  }
  if (config.has_quotas() && options_.state_dir.empty()) {
    logger_.Warn("derper: DailyQuotaBytes without -state-dir: a restart forgets what was used");
  }
}

void Limits::Apply(RateConfig config) {
  const TimePoint now = clock_.Now();
  const MutexLock lock(mutex_);
  config_ = std::move(config);
  global_ =
      config_.global_rate > 0 ? std::make_shared<FairBucket>(config_.global_rate, now) : nullptr;
  for (const auto& [key, account] : accounts_) ApplyTo(*account, now);
  generation_.fetch_add(1, std::memory_order_release);
}

void Limits::ApplyTo(KeyAccount& account, TimePoint now) {
  const auto found = config_.overrides.find(account.key());
  if (found == config_.overrides.end()) {
    account.Apply(std::nullopt, config_.daily_quota, now);
  } else {
    account.Apply(found->second.rate, found->second.daily_quota.value_or(config_.daily_quota), now);
  }
}

void Limits::KeepQuotas() {
  const std::string path = options_.state_dir + std::string(kQuotaFile);
  {
    const MutexLock lock(mutex_);
    if (keeper_ || options_.state_dir.empty() || !config_.has_quotas()) return;
  }
  const QuotaTable table = LoadQuotas(path, logger_);
  const TimePoint now = clock_.Now();
  const MutexLock lock(mutex_);
  if (table.day == day_.load()) {
    for (const auto& [key, bytes] : table.used) AccountOf(key, now)->SetUsed(bytes);
  }
  keeper_ = std::make_shared<QuotaKeeper>(
      path, options_.save_interval, [this] { return Used(); }, logger_);
}

std::shared_ptr<KeyAccount> Limits::AccountOf(const NodePublic& key, TimePoint now) {
  std::shared_ptr<KeyAccount>& account = accounts_[key];
  if (!account) {
    account = std::make_shared<KeyAccount>(key);
    ApplyTo(*account, now);
  }
  return account;
}

std::unique_ptr<SourceLimit> Limits::Admit(const NodePublic& key, TimePoint now) {
  std::shared_ptr<KeyAccount> account;
  {
    const MutexLock lock(mutex_);
    account = AccountOf(key, now);
    ++account->connections;
    if (accounts_.size() > kMaxAccounts) ForgetIdle();
  }
  return std::make_unique<SourceLimit>(*this, std::move(account), now);
}

void Limits::Leave(KeyAccount& account) {
  const MutexLock lock(mutex_);
  if (--account.connections == 0 && account.used() == 0) accounts_.erase(account.key());
}

// The lesser half of those without a connection. When all have one there are fewer descriptors
// than would be needed to get here.
void Limits::ForgetIdle() {
  std::vector<std::uint64_t> used;
  for (const auto& [key, account] : accounts_) {
    if (account->connections == 0) used.push_back(account->used());
  }
  if (used.empty()) return;
  const auto middle = used.begin() + static_cast<std::ptrdiff_t>(used.size() / 2);
  std::nth_element(used.begin(), middle, used.end());
  const std::size_t forgotten = std::erase_if(accounts_, [limit = *middle](const auto& entry) {
    return entry.second->connections == 0 && entry.second->used() <= limit;
  });
  quota_log_.Write(LogLevel::kWarn,
                   fmt::format("derper: too many keys today: forgot what {} used", forgotten));
}

Limits::Applied Limits::AppliedFor(const NodePublic& key) const {
  const MutexLock lock(mutex_);
  Applied applied{.generation = generation_.load(std::memory_order_relaxed),
                  .client = config_.client,
                  .override_rate = {},
                  .global = global_};
  if (const auto found = config_.overrides.find(key); found != config_.overrides.end()) {
    applied.override_rate = found->second.rate;
  }
  return applied;
}

// A clock that is set back over midnight gives nobody a second day.
void Limits::NoteDay(WallTime now) {
  const std::int64_t today = DayOf(now);
  if (today == day_.load(std::memory_order_relaxed)) return;
  const MutexLock lock(mutex_);
  const std::int64_t before = day_.load(std::memory_order_relaxed);
  if (today == before || today == before - 1) return;
  day_.store(today, std::memory_order_relaxed);
  std::erase_if(accounts_, [](const auto& entry) { return entry.second->connections == 0; });
  for (const auto& [key, account] : accounts_) account->BeginDay();
}

void Limits::NoteWait(KeyAccount& account, bool global, Duration wait, TimePoint now) {
  (global ? global_waits_ : own_waits_).fetch_add(1, std::memory_order_relaxed);
  account.CountWait(wait);
  if (!account.MayTell(now)) return;
  wait_log_.Write(
      LogLevel::kInfo,
      fmt::format("limits: a client is paused key={} by={} wait={}", account.key().ShortString(),
                  global ? "global-rate" : "own-rate", FormatGoDuration(wait)));
}

void Limits::NoteDrop(KeyAccount& account, std::size_t bytes, bool disco) {
  account.CountDrop(bytes);
  dropped_packets_[disco ? 0 : 1].fetch_add(1, std::memory_order_relaxed);
  dropped_bytes_[disco ? 0 : 1].fetch_add(bytes, std::memory_order_relaxed);
  if (!account.BeginDropping()) return;
  quota_log_.Write(LogLevel::kInfo,
                   fmt::format("limits: the day's quota is used up, packets are dropped until "
                               "midnight UTC key={} quota={}",
                               account.key().ShortString(), account.quota()));
}

std::optional<KeyUsage> Limits::Usage(const NodePublic& key) {
  NoteDay(clock_.WallNow());
  const MutexLock lock(mutex_);
  const auto found = accounts_.find(key);
  if (found == accounts_.end()) return std::nullopt;
  const KeyAccount& account = *found->second;
  return KeyUsage{.quota = account.quota(),
                  .used = account.used(),
                  .dropped_packets = account.dropped_packets(),
                  .dropped_bytes = account.dropped_bytes(),
                  .waits = account.waits(),
                  .waited = account.waited()};
}

QuotaTable Limits::Used() {
  const MutexLock lock(mutex_);
  QuotaTable table{.day = day_.load(std::memory_order_relaxed), .used = {}};
  for (const auto& [key, account] : accounts_) {
    if (account->used() > 0) table.used.emplace_back(key, account->used());
  }
  return table;
}

}  // namespace derp::relay
