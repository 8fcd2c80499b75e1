// Log lines that remote peers can trigger, limited per cause: a burst of each cause passes, then
// one per interval, which says how many were left out. So a flood of one cause costs no disk and
// hides no other (derper.md 9).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/token_bucket.h"

namespace derp {

struct CauseLogLimits {
  double burst = 5;
  Duration interval = std::chrono::seconds(30);
  bool off = false;  // every line passes
};

// Any thread.
class CauseLog {
 public:
  // What comes above this shares one limit: a cause that a peer made up costs no memory.
  static constexpr std::size_t kMaxCauses = 256;

  // `logger` and `clock` outlive it.
  CauseLog(const Logger& logger, const Clock& clock, CauseLogLimits limits = {});

  template <typename... Args>
  void Warn(std::string_view cause, fmt::format_string<Args...> format, Args&&... args) {
    Format(LogLevel::kWarn, cause, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Info(std::string_view cause, fmt::format_string<Args...> format, Args&&... args) {
    Format(LogLevel::kInfo, cause, format, std::forward<Args>(args)...);
  }

 private:
  struct Stream {
    TokenBucket bucket;
    std::uint64_t left_out = 0;
  };

  // A line that does not pass is not even formatted.
  template <typename... Args>
  void Format(LogLevel level, std::string_view cause, fmt::format_string<Args...> format,
              Args&&... args) {
    if (!logger_.enabled(level)) return;
    if (const auto left_out = Admit(cause)) {
      Write(level, fmt::format(format, std::forward<Args>(args)...), *left_out);
    }
  }
  // How many lines of the cause were left out since the last; nothing when this one is, too.
  std::optional<std::uint64_t> Admit(std::string_view cause);
  void Write(LogLevel level, std::string text, std::uint64_t left_out) const;

  const Logger& logger_;
  const Clock& clock_;
  const CauseLogLimits limits_;
  Mutex mutex_;
  std::map<std::string, Stream, std::less<>> streams_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp
