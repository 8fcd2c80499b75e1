// A bounded queue of RecvPacket frames towards one client, stored as they go onto the wire: the
// only copy a relayed packet gets. Whoever finds it full drops the oldest.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/defaults.h"
#include "derper/relay/queues/buffer_pool.h"
#include "derper/relay/registry/hashed_key.h"

namespace derp::relay {

struct LaneLimits {
  std::size_t packets = 32;
  // So many of the largest packets fit with their frames: bandwidth probes keep 30 under way. One
  // packet always fits.
  std::size_t bytes = 33 * kMaxPacketSize;
};

// Not thread-safe: belongs to a connection.
class Lane {
 public:
  struct Entry {
    std::uint64_t source_hash;
    TimePoint queued;
    std::uint32_t size;  // of the whole frame
    bool from_mesh;
  };

  bool Fits(std::size_t payload_size, const LaneLimits& limits) const;
  // Appends header, source and payload, without asking whether they fit.
  void Push(const HashedKey& source, ByteView payload, bool from_mesh, TimePoint now,
            BufferPool& pool);

  bool empty() const { return first_ == entries_.size(); }
  std::size_t packets() const { return entries_.size() - first_; }
  std::size_t bytes() const { return frames_.size() - head_; }

  // The oldest packet; the lane must not be empty.
  const Entry& front() const { return entries_[first_]; }
  ByteView front_frame() const { return ByteView(frames_).subspan(head_, front().size); }
  // Removes the oldest. Its bytes, and so what Waiting() showed, stay until the next Push() or
  // ReleaseIfEmpty().
  void PopFront();

  // All waiting frames, contiguous.
  ByteView Waiting() const { return ByteView(frames_).subspan(head_); }

  // Gives the frames' memory back to the pool.
  void ReleaseIfEmpty(BufferPool& pool);
  // What is kept for the next packets, too.
  void ReleaseIdle();

  static std::size_t PayloadSize(const Entry& entry);

 private:
  Bytes frames_;
  std::size_t head_ = 0;  // start of the oldest frame
  std::vector<Entry> entries_;
  std::size_t first_ = 0;
};

}  // namespace derp::relay
