// Deadlines of a worker's connections, so that a connection costs no timer. Nothing is ever taken
// out early: whoever is called checks whether it still applies.
#pragma once

#include <map>
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

// What comes round for every client and may well come a little later falls on quarters of a second:
// among thousands of idle clients waking costs more than what is done then.
inline bool ComesRound(DeadlineKind kind) {
  return kind == DeadlineKind::kKeepAlive || kind == DeadlineKind::kIdle ||
         kind == DeadlineKind::kRoundTrip;
}

class DeadlineQueue {
 public:
  struct Item {
    TimePoint when;
    ConnectionRef connection;
    DeadlineKind kind;
  };

  void Add(const Item& item) {
    if (ComesRound(item.kind)) {
      rounds_[NextQuarter(item.when)].push_back({item.connection, item.kind});
    } else {
      exact_.push(item);
    }
  }

  // One that is due, the earliest first; what falls on one moment comes in any order.
  std::optional<Item> TakeDue(TimePoint now) {
    const auto earliest = Earliest();
    if (!earliest || *earliest > now) return std::nullopt;
    if (!exact_.empty() && exact_.top().when == *earliest) {
      const Item item = exact_.top();
      exact_.pop();
      return item;
    }
    const auto round = rounds_.begin();
    const Member member = round->second.back();
    round->second.pop_back();
    if (round->second.empty()) rounds_.erase(round);
    return Item{.when = *earliest, .connection = member.connection, .kind = member.kind};
  }

  std::optional<TimePoint> Earliest() const {
    std::optional<TimePoint> earliest;
    if (!exact_.empty()) earliest = exact_.top().when;
    if (!rounds_.empty() && (!earliest || rounds_.begin()->first < *earliest)) {
      earliest = rounds_.begin()->first;
    }
    return earliest;
  }

 private:
  struct Member {
    ConnectionRef connection;
    DeadlineKind kind;
  };
  struct Later {
    bool operator()(const Item& a, const Item& b) const { return a.when > b.when; }
  };

  static TimePoint NextQuarter(TimePoint when) {
    using Quarters = std::chrono::duration<TimePoint::rep, std::ratio<1, 4>>;
    return TimePoint(std::chrono::ceil<Quarters>(when.time_since_epoch()));
  }

  std::priority_queue<Item, std::vector<Item>, Later> exact_;
  // Thousands on each moment: a heap of them all would be gone through for each.
  std::map<TimePoint, std::vector<Member>> rounds_;
};

}  // namespace derp::relay
