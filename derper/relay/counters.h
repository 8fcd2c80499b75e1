// What one worker counts. Only that worker writes; a scrape reads from another thread, so each
// field is an atomic written without a locked instruction.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "derper/relay/peer_fault.h"
#include "derper/relay/queues/packet_kind.h"

namespace derp::relay {

class Counter {
 public:
  void Add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void Add(std::int64_t change) {
    value_.store(value_.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Counts per bucket; `bounds` are the inclusive upper limits, one more bucket takes the rest.
template <std::size_t N>
class Histogram {
 public:
  explicit constexpr Histogram(std::array<std::uint32_t, N> bounds) : bounds_(bounds) {}

  void Observe(std::uint64_t value) {
    std::size_t bucket = 0;
    while (bucket < N && value > bounds_[bucket]) ++bucket;
    counts_[bucket].Add();
    sum_.Add(value);
  }
  const std::array<std::uint32_t, N>& bounds() const { return bounds_; }
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].value(); }
  std::uint64_t sum() const { return sum_.value(); }

 private:
  const std::array<std::uint32_t, N> bounds_;
  std::array<Counter, N + 1> counts_;
  Counter sum_;
};

inline constexpr std::array<std::uint32_t, 16> kWriteFramesBounds = {0, 1, 2,  3,  4,  5,  6,  7,
                                                                     8, 9, 10, 15, 20, 25, 50, 100};
inline constexpr std::array<std::uint32_t, 11> kMeshBatchBounds = {0,  1,   2,   5,   10,  20,
                                                                   50, 100, 200, 500, 1000};
inline constexpr std::array<std::uint32_t, 8> kMeshLoopBounds = {0, 1, 2, 5, 10, 20, 50, 100};
inline constexpr std::array<std::uint32_t, 10> kQueueTimeBoundsUs = {
    100, 500, 1000, 5000, 10000, 50000, 100000, 500000, 1000000, 2000000};
inline constexpr std::array<std::uint32_t, 7> kRoundTripBoundsMs = {10, 20, 50, 100, 150, 250, 500};

struct KindCounters {
  std::array<Counter, kPacketKinds> kinds;
  Counter& of(PacketKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
  const Counter& of(PacketKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
};

struct WorkerCounters {
  Counter accepts;            // upgrades that reached the login
  Counter websocket_accepts;  // those of them by WebSocket
  Counter packets_received, bytes_received, packets_sent, bytes_sent;
  KindCounters received;
  std::array<KindCounters, kDropReasons> packets_dropped;
  std::array<KindCounters, kDropReasons> bytes_dropped;
  Counter forwarded_in, forwarded_out;
  Counter got_ping, sent_pong, unknown_frames;
  Counter home_moves_in, home_moves_out;
  Counter gone_disconnected_frames, gone_not_here_frames;
  Counter write_timeouts;
  Counter bad_requests, proxy_head_errors;
  std::array<Counter, kHandshakeFaults> handshake_faults;
  std::array<Counter, kPeerFaults> login_faults;
  std::array<Counter, kSessionFaults> session_faults;
  Counter turns;  // of the worker's loop
  Gauge connections, home_connections, not_ideal_connections, watchers;
  Counter tls12_requests, tls13_requests;
  Gauge tls12_active, tls13_active;
  Histogram<16> write_frames{kWriteFramesBounds};
  Histogram<11> mesh_batch{kMeshBatchBounds};
  Histogram<8> mesh_loop{kMeshLoopBounds};
  std::array<Histogram<10>, kPacketKinds> queue_time{
      {Histogram<10>{kQueueTimeBoundsUs}, Histogram<10>{kQueueTimeBoundsUs}}};  // in microseconds
  std::array<Counter, 8> round_trips;  // by kRoundTripBoundsMs, the last for what is above
  Counter round_trip_errors;
  Counter round_trips_not_tcp;  // clients by WebSocket, once each
  // Exponential average of whole milliseconds, factor 0.1. Negative: nothing was queued yet.
  std::atomic<double> queue_ms{-1};

  void Drop(DropReason reason, PacketKind kind, std::size_t bytes) {
    const auto index = static_cast<std::size_t>(reason);
    packets_dropped[index].of(kind).Add();
    bytes_dropped[index].of(kind).Add(bytes);
  }
};

}  // namespace derp::relay
