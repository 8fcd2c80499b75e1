// What one connection's client sent and was sent. Plain numbers in its worker's memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "derper/relay/queues/packet_kind.h"
#include "derper/relay/traffic/flow_cache.h"
#include "derper/relay/traffic/sender_estimate.h"

namespace derp::relay {

struct ClientCounts {
  std::uint64_t packets_in = 0;  // from the client
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_out = 0;  // to it
  std::uint64_t bytes_out = 0;
  std::uint64_t queue_ns = 0;  // waited by what was sent to it
  std::uint64_t queue_ns_most = 0;
  // queue_head, write_error and dup_client of packets to it, the other reasons of packets from it;
  // gone_disconnected of both.
  std::array<std::uint64_t, kDropReasons> drops{};

  void Drop(DropReason reason, std::uint64_t count = 1) {
    drops[static_cast<std::size_t>(reason)] += count;
  }
};

// One thread; belongs to a session.
class ClientTraffic {
 public:
  ClientCounts counts;

  // Memory that only a client gets which somebody writes to.
  struct Senders {
    FlowCache flows;  // by the sender's hash
    SenderEstimate estimate;
  };
  Senders& senders() {
    if (!senders_) senders_ = std::make_unique<Senders>();
    return *senders_;
  }
  std::uint64_t distinct_senders() const { return senders_ ? senders_->estimate.Estimate() : 0; }

  // Of a client that writes to others over the mesh: by the destination's first bytes.
  FlowCache& forwarded() {
    if (!forwarded_) forwarded_ = std::make_unique<FlowCache>();
    return *forwarded_;
  }

 private:
  std::unique_ptr<Senders> senders_;
  std::unique_ptr<FlowCache> forwarded_;
};

}  // namespace derp::relay
