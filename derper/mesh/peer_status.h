// When a mesh link tells in the log how many clients it reaches (derper.md 6): once when the first
// flood has settled, then when the number changed, at most every 10 s.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/base/clock.h"

namespace derp::relay {

// One thread. Asked regularly, about once per second.
class PeerStatus {
 public:
  // The line to log, if it is time for one.
  std::optional<std::string> Tick(bool up, std::size_t peers, TimePoint now);

 private:
  enum class Stage { kDown, kFlood, kSettled };

  Stage stage_ = Stage::kDown;
  TimePoint up_since_{};
  TimePoint told_at_{};
  std::size_t seen_ = 0;
  std::size_t told_ = 0;
};

}  // namespace derp::relay
