#include "derper/relay/traffic/flow_table.h"

#include <algorithm>
#include <utility>

#include "common/base/mix.h"

namespace derp::relay {

namespace {

constexpr auto kIdle = std::chrono::seconds(60);
constexpr int kLookedAt = 8;  // rows per search
// Searches per turn: many small flows cost their worker a bounded time.
constexpr int kMaxSearches = 32;

}  // namespace

void FlowCounts::Add(const FlowCounts& other) {
  packets += other.packets;
  bytes += other.bytes;
  queue_ns += other.queue_ns;
  queue_ns_most = std::max(queue_ns_most, other.queue_ns_most);
  for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += other.drops[i];
}

std::uint64_t FlowTable::IndexOf(const HashedKey& source, const HashedKey& destination) {
  return MixBits(source.hash) ^ destination.hash;
}

FlowRef FlowTable::Admit(const HashedKey& source, const HashedKey& destination,
                         std::uint64_t offered, TimePoint now) {
  const std::uint64_t index = IndexOf(source, destination);
  if (const auto found = index_.find(index); found != index_.end()) {
    Flow& row = *found->second;
    if (row.source != source || row.destination != destination) return {};
    return {.row = &row, .generation = row.generation};
  }
  Flow* row = nullptr;
  if (rows_.size() < capacity_) {
    row = &rows_.emplace_back();
  } else {
    row = FindVictim(offered, now);
    if (row == nullptr) return {};
    Evict(*row);
  }
  const std::uint32_t generation = row->generation + 1;
  *row = Flow{.last = now,
              .since = now,
              .generation = generation,
              .source = source,
              .destination = destination};
  index_.emplace(index, row);
  return {.row = row, .generation = generation};
}

Flow* FlowTable::Peek(const HashedKey& source, const HashedKey& destination) {
  const auto found = index_.find(IndexOf(source, destination));
  if (found == index_.end()) return nullptr;
  Flow& row = *found->second;
  return row.source == source && row.destination == destination ? &row : nullptr;
}

// A clock hand: whoever was busy since it came by last is spared.
Flow* FlowTable::FindVictim(std::uint64_t offered, TimePoint now) {
  if (std::exchange(searched_at_, now) != now) searches_ = 0;
  if (++searches_ > kMaxSearches) return nullptr;
  Flow* least = nullptr;
  for (int i = 0; i < kLookedAt; ++i) {
    Flow& row = rows_[hand_];
    hand_ = (hand_ + 1) % rows_.size();
    if (now - row.last > kIdle) return &row;
    if (least == nullptr || row.recent < least->recent) least = &row;
    row.recent /= 2;
  }
  return least->recent < offered ? least : nullptr;
}

void FlowTable::Evict(Flow& row) {
  index_.erase(IndexOf(row.source, row.destination));
  untracked_.counts.Add(row.counts);
  ++untracked_.evicted;
}

}  // namespace derp::relay
