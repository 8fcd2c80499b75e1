// What flows from whom to whom through one worker: a fixed number of rows. A row that is idle, or
// small where a larger flow wants in, makes room; what has no row is summed up, so that nothing is
// lost from the totals.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "common/base/clock.h"
#include "derper/relay/queues/packet_kind.h"
#include "derper/relay/registry/hashed_key.h"

namespace derp::relay {

struct FlowCounts {
  std::uint64_t packets = 0;   // handed to the destination's socket, or to a mesh link
  std::uint64_t bytes = 0;     // of their payloads
  std::uint64_t queue_ns = 0;  // that they waited, together
  std::uint64_t queue_ns_most = 0;
  std::array<std::uint64_t, kDropReasons> drops{};

  void Deliver(std::size_t size, std::uint64_t waited_ns) {
    ++packets;
    bytes += size;
    queue_ns += waited_ns;
    if (waited_ns > queue_ns_most) queue_ns_most = waited_ns;
  }
  void Drop(DropReason reason) { ++drops[static_cast<std::size_t>(reason)]; }
  void Add(const FlowCounts& other);
};

struct Flow {
  FlowCounts counts{};
  std::uint64_t recent = 0;  // bytes, halved whenever the table looks for room
  TimePoint last{};
  TimePoint since{};
  std::uint32_t generation = 0;  // of the row: moves on when it is given to another flow
  bool to_mesh = false;          // counted where it leaves for a mesh link
  HashedKey source{}, destination{};

  void Touch(std::size_t size, TimePoint now) {
    recent += size + 1;
    last = now;
  }
};

// Names a row that may have been given to another flow meanwhile.
struct FlowRef {
  Flow* row = nullptr;
  std::uint32_t generation = 0;

  Flow* Get() const { return row != nullptr && row->generation == generation ? row : nullptr; }
};

struct UntrackedFlows {
  FlowCounts counts;          // of flows that have no row any more, or never had one
  std::uint64_t evicted = 0;  // flows that lost their row
};

// One thread.
class FlowTable {
 public:
  explicit FlowTable(std::size_t capacity) : capacity_(capacity) {}

  // The row of the flow. When it has none, gives it one if there is room, or if `offered` bytes are
  // more than what some other flow had lately. Empty otherwise.
  FlowRef Admit(const HashedKey& source, const HashedKey& destination, std::uint64_t offered,
                TimePoint now);

  // Its row, if it has one.
  Flow* Peek(const HashedKey& source, const HashedKey& destination);

  const std::deque<Flow>& rows() const { return rows_; }
  UntrackedFlows& untracked() { return untracked_; }

 private:
  static std::uint64_t IndexOf(const HashedKey& source, const HashedKey& destination);
  Flow* FindVictim(std::uint64_t offered, TimePoint now);
  void Evict(Flow& row);

  const std::size_t capacity_;
  std::deque<Flow> rows_;  // never shrinks, so rows stay where they are
  std::unordered_map<std::uint64_t, Flow*> index_;
  std::size_t hand_ = 0;
  TimePoint searched_at_{};
  int searches_ = 0;  // since then
  UntrackedFlows untracked_;
};

}  // namespace derp::relay
