// Packets from one worker to another, in order. Bounded as a whole and per destination; what does
// not fit is refused, so the newest is dropped (queue_tail).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/mutex.h"
#include "derper/relay/mesh_port.h"
#include "derper/relay/queues/lane.h"
#include "derper/relay/queues/packet_kind.h"
#include "derper/relay/registry/connection_ref.h"
#include "derper/relay/registry/hashed_key.h"

namespace derp::relay {

// A packet on its way. Either to a client's connection, or through a mesh link to `forward_to`.
struct Letter {
  HashedKey source;
  ConnectionRef to;  // unless `is_forward`
  NodePublic forward_to;
  LinkId link = 0;
  PacketKind kind = PacketKind::kOther;
  bool is_forward = false;
  bool from_mesh = false;
  std::size_t offset = 0;  // of the payload within Mail::payloads
  std::size_t size = 0;
};

struct Mail {
  std::vector<Letter> letters;
  Bytes payloads;

  ByteView payload(const Letter& letter) const {
    return ByteView(payloads).subspan(letter.offset, letter.size);
  }
};

// One writing worker, one reading worker.
class Mailbox {
 public:
  enum class Outcome { kRefused, kAdded, kAddedFirst };  // kAddedFirst: wake the reader

  explicit Mailbox(LaneLimits per_destination) : per_destination_(per_destination) {}

  // `letter` without offset and size.
  Outcome Add(const Letter& letter, ByteView payload);
  // Swaps what is there into `mail`, whose old content is dropped; its memory is used again.
  void Take(Mail& mail);
  std::size_t waiting() const;  // bytes of payload; any thread

 private:
  struct Use {
    std::uint64_t epoch = 0;
    std::uint32_t generation = 0;
    std::array<std::size_t, kPacketKinds> packets{};
    std::array<std::size_t, kPacketKinds> bytes{};
  };

  bool Reserve(const Letter& letter, std::size_t size) DERP_REQUIRES(mutex_);

  const LaneLimits per_destination_;
  mutable Mutex mutex_;
  Mail mail_ DERP_GUARDED_BY(mutex_);
  std::vector<Use> uses_ DERP_GUARDED_BY(mutex_);  // by slot
  std::vector<std::size_t> link_bytes_ DERP_GUARDED_BY(mutex_);
  std::uint64_t epoch_ DERP_GUARDED_BY(mutex_) = 1;  // moves on with every Take()
};

}  // namespace derp::relay
