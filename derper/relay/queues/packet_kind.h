// How packets are told apart, and why they are dropped: the labels of the drop counters
// (derp-protocol.md 5.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace derp::relay {

enum class PacketKind : std::uint8_t { kDisco, kOther };
inline constexpr std::size_t kPacketKinds = 2;

enum class DropReason : std::uint8_t {
  kUnknownDest,
  kUnknownDestOnForward,
  kGoneDisconnected,
  kQueueHead,   // the oldest made room
  kQueueTail,   // no room between two workers
  kWriteError,  // encrypted, but the socket failed
  kDupClient,
};
inline constexpr std::size_t kDropReasons = 7;

std::string_view KindLabel(PacketKind kind);
std::string_view ReasonLabel(DropReason reason);

}  // namespace derp::relay
