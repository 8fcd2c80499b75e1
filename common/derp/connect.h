// One call from a node of the map to a logged-in client (derp-protocol.md 6.2): dial, TLS with the
// node's pin, name and address rules (3.6, 6.4), fast start where it can be had, login.
// A diagnosis that wants the steps one by one takes node_dialer.h and blocking_client.h.
#pragma once

#include <memory>

#include "common/derp/blocking_client.h"
#include "common/derp/node_dialer.h"
#include "common/derpmap/model.h"
#include "common/net/peer_verification.h"

namespace derp {

enum class ConnectStage { kDial, kTls, kCertificate, kUpgrade, kGreeting, kLogin };
std::string_view ConnectStageName(ConnectStage stage);

struct ConnectFailure {
  ConnectStage stage = ConnectStage::kDial;
  Error error;
};

struct ConnectOptions {
  ClientIdentity identity;  // without its mesh key, where the certificate was not verified
  std::shared_ptr<const net::RootStore> roots;
  NodeDialOptions dial{};
  std::string ideal_node{};  // set when the node is not its region's first
};

// What the call needs of its surroundings; all outlive it, `random` and `clock` the client too.
struct ConnectServices {
  net::Resolver& resolver;
  RandomSource& random;
  const Clock& clock;
};

Expected<std::unique_ptr<BlockingClient>, ConnectFailure> Connect(const derpmap::Node& node,
                                                                  const ConnectOptions& options,
                                                                  const ConnectServices& services,
                                                                  TimePoint deadline);

// The policy the map lays down for the node's certificate: an empty HostName leaves its part to
// CertName.
net::PeerPolicy PolicyFor(const derpmap::Node& node);

}  // namespace derp
