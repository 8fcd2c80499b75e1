// The protocol core's limits and time-outs, each with its reason. Those of one program are in that
// program's options.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace derp {

// Relay protocol (derp-protocol.md 14, Go: derp/derp.go).
inline constexpr std::size_t kMaxPacketSize = 65536;             // the protocol's own limit
inline constexpr std::size_t kMaxClientFrame = 1024 * 1024;      // what a client accepts
inline constexpr std::size_t kMaxClientInfo = 256 * 1024;        // login, before anyone is known
inline constexpr std::size_t kMaxServerGreeting = 1024;          // ServerKey frame at a client
inline constexpr auto kLoginTimeout = std::chrono::seconds(10);  // TLS, head and login together
inline constexpr auto kKeepAliveInterval = std::chrono::seconds(60);  // plus jitter below
inline constexpr auto kKeepAliveJitter =
    std::chrono::seconds(5);  // spreads the load of many clients
inline constexpr auto kClientReadTimeout = std::chrono::seconds(120);  // two keep-alives
inline constexpr auto kWriteTimeout = std::chrono::seconds(2);       // no progress towards a client
inline constexpr auto kMeshWriteTimeout = std::chrono::seconds(30);  // a mesh link matters to many
inline constexpr auto kMeshRetryInterval = std::chrono::seconds(5);  // as Go's watch loop

// Connecting to a node (derp-protocol.md 6.2).
inline constexpr auto kConnectTimeout = std::chrono::seconds(10);  // DNS to login

// HTTP (architecture 4): enough for any real client, too little to be worth filling.
inline constexpr std::size_t kMaxRequestHead = 16 * 1024;

inline constexpr std::uint16_t kDefaultStunPort = 3478;
inline constexpr std::uint16_t kDefaultDerpPort = 443;

// A DERP map is downloaded from strangers: more than this is no map (derpprobe.md 3.1).
inline constexpr std::size_t kMaxDerpMapBytes = 16 * 1024 * 1024;

}  // namespace derp
