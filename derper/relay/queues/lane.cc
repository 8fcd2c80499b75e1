#include "derper/relay/queues/lane.h"

#include <algorithm>

#include "common/wire/frame.h"
#include "common/wire/messages.h"

namespace derp::relay {

namespace {

constexpr std::size_t kOverhead = wire::kFrameHeaderSize + kKeySize;
// Dead bytes in front are moved away once there are this many and they are the larger part.
constexpr std::size_t kCompactFrom = 64 * 1024;
constexpr std::size_t kCompactEntriesFrom = 64;

}  // namespace

bool Lane::Fits(std::size_t payload_size, const LaneLimits& limits) const {
  if (packets() >= limits.packets) return false;
  return empty() || bytes() + kOverhead + payload_size <= limits.bytes;
}

void Lane::Push(const HashedKey& source, ByteView payload, bool from_mesh, TimePoint now,
                BufferPool& pool) {
  pool.Lend(frames_);
  if (empty()) {
    frames_.clear();
    entries_.clear();
    head_ = first_ = 0;
  } else if (head_ >= kCompactFrom && head_ >= frames_.size() / 2) {
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  if (first_ >= kCompactEntriesFrom && first_ >= entries_.size() / 2) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  wire::AppendRecvPacket(frames_, source.key, payload);
  entries_.push_back({.source_hash = source.hash,
                      .queued = now,
                      .size = static_cast<std::uint32_t>(kOverhead + payload.size()),
                      .from_mesh = from_mesh});
}

void Lane::PopFront() {
  head_ += entries_[first_].size;
  ++first_;
}

void Lane::ReleaseIfEmpty(BufferPool& pool) {
  if (!empty()) return;
  pool.Return(frames_);
  entries_.clear();
  head_ = first_ = 0;
}

void Lane::ReleaseIdle() {
  if (empty()) entries_ = {};
}

std::size_t Lane::PayloadSize(const Entry& entry) { return entry.size - kOverhead; }

}  // namespace derp::relay
