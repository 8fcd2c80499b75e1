// What traffic there was, for the pages (derper.md 2.9): values copied from the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"
#include "derper/relay/registry/connection_ref.h"
#include "derper/relay/traffic/client_traffic.h"
#include "derper/relay/traffic/flow_table.h"

namespace derp::relay {

// One connection that is logged in.
struct ClientFigures {
  ConnectionRef connection;
  NodePublic key;
  SocketAddress address;
  TimePoint since{};
  std::string_view transport;  // "tls1.3", "tls1.2", "plain"
  bool websocket = false;
  bool home = false;
  bool mesh = false;
  bool prober = false;
  bool paused = false;  // not read now, by its rate limit
  ClientCounts counts;
  std::uint64_t distinct_senders = 0;
  std::uint64_t queued_packets = 0;  // waiting for it now
  // Of the TCP connection, handshakes and all.
  std::uint64_t wire_in = 0;
  std::uint64_t wire_out = 0;
  std::optional<Duration> round_trip;  // the kernel's, at most 10 s old
};

struct FlowFigures {
  NodePublic source, destination;
  FlowCounts counts;
  TimePoint since{};
  TimePoint last{};
  bool to_mesh = false;
};

struct TrafficSnapshot {
  TimePoint taken{};
  std::vector<ClientFigures> clients;
  std::vector<FlowFigures> flows;
  UntrackedFlows untracked;
};

class TrafficPort {
 public:
  using Taker = std::function<void(const TrafficSnapshot&)>;
  virtual ~TrafficPort() = default;
  // Control thread, in which `take` is called later, unless the relay ends before.
  virtual void Collect(Taker take) = 0;
};

}  // namespace derp::relay
