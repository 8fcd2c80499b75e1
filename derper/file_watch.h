// Notices that files were replaced or changed, and reloads what was made of them. Files that belong
// together may change one after the other: a state that does not fit is not told before it has
// stayed for a while. By looking at them now and then, which sees every way of replacing a file.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace derp::relay {

// One thread.
class FileWatch {
 public:
  using Reload = std::function<Expected<std::string, Error>()>;
  using Tell = std::function<void(const Expected<std::string, Error>&)>;

  static constexpr Duration kPatience = std::chrono::seconds(10);

  // The files count as loaded. `tell` gets the outcome of reloads that Poll() began: a success at
  // once, a failure once, when nothing has changed for kPatience. `clock` outlives the watch.
  FileWatch(std::vector<std::string> files, Reload reload, Tell tell, const Clock& clock);

  // Looks, every few seconds.
  void Poll();

  // Reloads whether or not there was a change; the outcome is the caller's to tell.
  Expected<std::string, Error> ReloadNow();

 private:
  // What changes whenever a file's content may have: all zero for a file that cannot be looked at.
  struct Print {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;  // ns
    std::int64_t changed = 0;   // ns
    auto operator<=>(const Print&) const = default;
  };
  static Print PrintOf(const std::string& path);
  std::vector<Print> Look() const;

  const std::vector<std::string> files_;
  const Reload reload_;
  const Tell tell_;
  const Clock& clock_;
  std::vector<Print> seen_;
  TimePoint seen_since_;
  std::optional<Error> untold_;
};

}  // namespace derp::relay
