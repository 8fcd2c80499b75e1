#include "common/base/cause_log.h"

namespace derp {

CauseLog::CauseLog(const Logger& logger, const Clock& clock, CauseLogLimits limits)
    : logger_(logger), clock_(clock), limits_(limits) {}

std::optional<std::uint64_t> CauseLog::Admit(std::string_view cause) {
  if (limits_.off) return 0;
  const TimePoint now = clock_.Now();
  const MutexLock lock(mutex_);
  auto found = streams_.find(cause);
  if (found == streams_.end()) {
    if (streams_.size() >= kMaxCauses) cause = {};
    const double rate = 1 / std::chrono::duration<double>(limits_.interval).count();
    const TokenBucket full(rate, limits_.burst, now);
    found = streams_.try_emplace(std::string(cause), Stream{.bucket = full}).first;
  }
  Stream& stream = found->second;
  if (stream.bucket.Take(1, now)) return std::exchange(stream.left_out, 0);
  ++stream.left_out;
  return std::nullopt;
}

void CauseLog::Write(LogLevel level, std::string text, std::uint64_t left_out) const {
  if (left_out > 0) text += fmt::format(" ({} similar lines left out)", left_out);
  logger_.Write(level, text);
}

}  // namespace derp
