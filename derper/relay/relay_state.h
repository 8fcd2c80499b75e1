// What the workers of one relay share. Built before the first worker runs and dropped after the
// last one ended; what changes in between says how it may be used.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/cause_log.h"
#include "common/base/log.h"
#include "derper/relay/connection/stranger_budget.h"
#include "derper/relay/queues/mailbox.h"
#include "derper/relay/registry/registry.h"
#include "derper/relay/relay.h"

namespace derp::relay {

class Worker;

// Shared, so that an answer from a foreign thread finds either the workers or nothing.
struct RelayState : std::enable_shared_from_this<RelayState> {
  RelayState(RelayOptions relay_options, net::EventLoop& control_loop, const Logger& log,
             RandomSource& random_source);
  ~RelayState();

  LaneLimits lane_limits() const { return {.packets = options.queue_depth}; }
  Mailbox& mailbox(std::size_t from, std::size_t to) {
    return *mailboxes[from * workers.size() + to];
  }
  const Mailbox& mailbox(std::size_t from, std::size_t to) const {
    return *mailboxes[from * workers.size() + to];
  }

  const RelayOptions options;
  const NodePublic server_key;
  net::EventLoop& control;
  const Logger& logger;
  const SystemClock clock{};
  RandomSource& random;
  Registry registry;
  StrangerBudget strangers;
  // What peers can trigger is logged through this, by cause. Any thread.
  CauseLog cause_log;

  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::unique_ptr<Mailbox>> mailboxes;  // from every worker to every worker

  // Written by Attach(), before the link's number reaches the registry and so any other reader.
  struct Link {
    MeshLink* link = nullptr;  // used in its worker's thread only
    std::uint16_t worker = 0;
  };
  std::array<Link, kMaxMeshLinks> links{};

  const std::uint64_t memory_at_start;  // resident bytes

  // Gone when the relay is: what waits in the control loop for a dead relay does nothing.
  std::weak_ptr<const void> alive;

  // What the acceptor counts, in the control thread.
  std::atomic<std::uint64_t> tls_accepted{0};
  std::atomic<std::uint64_t> tls_rejected{0};
  std::atomic<std::uint64_t> accept_failures{0};
};

}  // namespace derp::relay
