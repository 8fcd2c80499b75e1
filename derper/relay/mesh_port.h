// The seam between the relay and its outgoing mesh links: a link announces which keys it can reach
// and takes packets for them (derp-protocol.md 5.10).
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/crypto/keys.h"
#include "common/net/event_loop.h"

namespace derp::relay {

// Numbers links from 0, in the order they were attached.
using LinkId = std::uint16_t;
inline constexpr std::size_t kMaxMeshLinks = 256;

// One connection to another relay. Forward is called in the loop the link was attached with, in
// order per source; it queues or drops and never blocks.
class MeshLink {
 public:
  virtual ~MeshLink() = default;
  virtual void Forward(const NodePublic& source, const NodePublic& destination,
                       ByteView packet) = 0;
};

class MeshPort {
 public:
  virtual ~MeshPort() = default;

  // A loop for the next link, spread over the workers. Runs until the relay stops.
  virtual net::EventLoop& NextLoop() = 0;
  // At most kMaxMeshLinks times. `link` must outlive the loop's last turn; `loop` is one that
  // NextLoop() gave.
  virtual LinkId Attach(MeshLink& link, net::EventLoop& loop) = 0;

  // In the link's loop. Adding twice and removing what is not there are no-ops.
  virtual void AddForwarder(LinkId link, const NodePublic& key) = 0;
  virtual void RemoveForwarder(LinkId link, const NodePublic& key) = 0;
};

}  // namespace derp::relay
