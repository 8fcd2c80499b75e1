// Log lines for operators: to stderr, one line per event, with the prefix of the Go programs
// ("2026/11/21 11:10:23 ", local time). Never payloads or private keys. What a remote peer can
// trigger goes through RateLimitedLog.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/token_bucket.h"

namespace derp {

enum class LogLevel { kError, kWarn, kInfo, kDebug };

// Any thread. The sink gets the text without prefix and line end.
class Logger {
 public:
  using Sink = std::function<void(LogLevel, std::string_view)>;

  // Writes to stderr, `level` and what is graver.
  explicit Logger(LogLevel level = LogLevel::kInfo);
  explicit Logger(Sink sink, LogLevel level = LogLevel::kDebug);

  void Write(LogLevel level, std::string_view text) const;
  bool enabled(LogLevel level) const { return level <= level_; }

  template <typename... Args>
  void Error(fmt::format_string<Args...> format, Args&&... args) const {
    Format(LogLevel::kError, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Warn(fmt::format_string<Args...> format, Args&&... args) const {
    Format(LogLevel::kWarn, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Info(fmt::format_string<Args...> format, Args&&... args) const {
    Format(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Debug(fmt::format_string<Args...> format, Args&&... args) const {
    Format(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void Format(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
    if (enabled(level)) Write(level, fmt::format(format, std::forward<Args>(args)...));
  }

  Sink sink_;
  LogLevel level_;
};

// The prefix of Go's standard logger for `time` in the local zone, with its final blank.
std::string GoLogPrefix(WallTime time);

// A stream of lines of one cause: a burst passes, then one per `interval`; the next line that
// passes says how many were left out. Any thread.
class RateLimitedLog {
 public:
  RateLimitedLog(const Logger& logger, const Clock& clock, double burst, Duration interval);
  void Write(LogLevel level, std::string_view text);

 private:
  const Logger& logger_;
  const Clock& clock_;
  Mutex mutex_;
  TokenBucket bucket_ DERP_GUARDED_BY(mutex_);
  std::uint64_t left_out_ DERP_GUARDED_BY(mutex_) = 0;
};

}  // namespace derp
