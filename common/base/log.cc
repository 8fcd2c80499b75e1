#include "common/base/log.h"

#include <cstdio>
#include <ctime>

#include <fmt/chrono.h>

namespace derp {

std::string GoLogPrefix(WallTime time) {
  const std::time_t seconds = UnixSeconds(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:%Y/%m/%d %H:%M:%S} ", local);
}

Logger::Logger(LogLevel level)
    : sink_([](LogLevel, std::string_view text) {
        // One write per line, so that lines of several threads do not mix.
        const std::string line = fmt::format("{}{}\n", GoLogPrefix(SystemClock().WallNow()), text);
        std::fwrite(line.data(), 1, line.size(), stderr);
      }),
      level_(level) {}

Logger::Logger(Sink sink, LogLevel level) : sink_(std::move(sink)), level_(level) {}

void Logger::Write(LogLevel level, std::string_view text) const {
  if (enabled(level)) sink_(level, text);
}

RateLimitedLog::RateLimitedLog(const Logger& logger, const Clock& clock, double burst,
                               Duration interval)
    : logger_(logger),
      clock_(clock),
      bucket_(1.0 / std::chrono::duration<double>(interval).count(), burst, clock.Now()) {}

void RateLimitedLog::Write(LogLevel level, std::string_view text) {
  std::uint64_t left_out = 0;
  {
    const MutexLock lock(mutex_);
    if (!bucket_.Take(1, clock_.Now())) {
      ++left_out_;
      return;
    }
    left_out = std::exchange(left_out_, 0);
  }
  if (left_out == 0) {
    logger_.Write(level, text);
  } else {
    logger_.Write(level, fmt::format("{} ({} similar lines left out)", text, left_out));
  }
}

}  // namespace derp
