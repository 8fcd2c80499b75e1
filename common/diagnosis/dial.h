// Connections beside the one a walk examines: a second key for the relay stage, more greetings to
// compare, a look at /derp/probe. Blocking.
#pragma once

#include <memory>

#include "common/derp/blocking_client.h"
#include "common/derpmap/model.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

// What the map says about the node's certificate.
net::PeerPolicy PolicyOf(const derpmap::Node& node);

// TCP and TLS as a client does it; an unacceptable certificate is an error (kTls). `accepted` is a
// session with this node whose certificates were judged in this walk: where the relay gave it a
// ticket the connection goes on from there, and the same chain is not judged again.
Expected<std::unique_ptr<net::ByteStream>, Error> DialTls(
    const SocketAddress& address, const derpmap::Node& node, const WalkContext& context,
    TimePoint deadline, const net::TlsSession* accepted = nullptr);

// Who a client says that it is. The mesh key goes over verified connections only (findings.md rule
// 10).
struct ProbeKeys {
  std::optional<NodePrivate> node{};  // none: a fresh one
  std::optional<MeshKey> mesh{};
};

std::unique_ptr<BlockingClient> MakeClient(std::unique_ptr<net::ByteStream> stream,
                                           const derpmap::Node& node, const ProbeKeys& keys,
                                           const WalkContext& context);

// The server key a further connection is greeted with. `accepted` as DialTls() has it.
Expected<NodePublic, Error> DialGreeting(const SocketAddress& address, const derpmap::Node& node,
                                         const WalkContext& context, TimePoint deadline,
                                         const net::TlsSession* accepted = nullptr);

// A further logged-in client over a judged stream; fast start when the meta certificate names
// `server`.
Expected<std::unique_ptr<BlockingClient>, ClientFailure> LogInOver(
    std::unique_ptr<net::ByteStream> stream, const derpmap::Node& node, const NodePublic& server,
    const ProbeKeys& keys, const WalkContext& context, TimePoint deadline);

}  // namespace derp::diagnosis
