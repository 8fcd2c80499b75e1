// Deadlines of a worker's connections in one heap, so that a connection costs no timer. Nothing is
// ever taken out early: whoever is called checks whether it still applies.
#pragma once

#include <optional>
#include <queue>
#include <vector>

#include "common/base/clock.h"
#include "derper/relay/registry/connection_ref.h"

namespace derp::relay {

enum class DeadlineKind {
  kLogin,  // TLS, head and login, or an idle HTTP connection
  kKeepAlive,
  kStall,      // no write progress
  kIdle,       // give TLS buffers back
  kRoundTrip,  // sample TCP_INFO
  kDrained,    // has the peer got all of what we said last?
  kPause,      // a source that is limited may be read again
};

// Of what comes round for every client and may well come a little later, many fall on one moment:
// among thousands of idle clients waking costs more than what is done then.
inline TimePoint MayWaitUntil(DeadlineKind kind, TimePoint when) {
  using Quarters = std::chrono::duration<TimePoint::rep, std::ratio<1, 4>>;
  switch (kind) {
    case DeadlineKind::kKeepAlive:
    case DeadlineKind::kIdle:
    case DeadlineKind::kRoundTrip:
      return TimePoint(std::chrono::ceil<Quarters>(when.time_since_epoch()));
    default:
      return when;
  }
}

class DeadlineQueue {
 public:
  struct Item {
    TimePoint when;
    ConnectionRef connection;
    DeadlineKind kind;
  };

  void Add(Item item) { items_.push(item); }

  // One that is due.
  std::optional<Item> TakeDue(TimePoint now) {
    if (items_.empty() || items_.top().when > now) return std::nullopt;
    const Item item = items_.top();
    items_.pop();
    return item;
  }
  std::optional<TimePoint> Earliest() const {
    if (items_.empty()) return std::nullopt;
    return items_.top().when;
  }

 private:
  struct Later {
    bool operator()(const Item& a, const Item& b) const { return a.when > b.when; }
  };
  std::priority_queue<Item, std::vector<Item>, Later> items_;
};

}  // namespace derp::relay
