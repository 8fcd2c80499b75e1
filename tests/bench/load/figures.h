// What a run found out. Counts and histograms of several threads add up with Merge().
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/load/histogram.h"

namespace derp::load {

// Slow readers and those who send to them are counted apart. "Measured" is what falls into the time
// of measurement; the others are of the whole run.
struct TrafficFigures {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;  // once each
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t corrupted = 0;      // some byte was wrong, or no packet of ours
  std::uint64_t wrong_source = 0;   // another source's key, or the wrong destination
  std::uint64_t not_sent = 0;       // open loop: the server did not take what was due
  std::uint64_t rate_limited = 0;   // by the limit the server told its clients
  std::uint64_t window_resets = 0;  // closed loop: a flow that stood still was started anew
  std::uint64_t broken = 0;         // connections
  std::string first_break;

  std::uint64_t measured_sent = 0;      // by the time they were (to be) sent
  std::uint64_t measured_received = 0;  // of those
  std::uint64_t delivered = 0;          // by the time they arrived
  std::uint64_t delivered_bytes = 0;    // payload
  std::uint64_t dead_flows = 0;         // that delivered nothing
  std::vector<std::uint64_t> per_flow;  // delivered
  Histogram latency;                    // one way, of measured_received
  Histogram lateness;                   // open loop: how late this generator itself sent

  std::uint64_t slow_sent = 0;
  std::uint64_t slow_received = 0;
  std::uint64_t slow_broken = 0;  // connections of slow readers that the server cut

  void Merge(const TrafficFigures& other);
  std::uint64_t lost() const { return sent > received ? sent - received : 0; }
  std::uint64_t measured_lost() const {
    return measured_sent > measured_received ? measured_sent - measured_received : 0;
  }
  bool sound() const { return duplicated + reordered + corrupted + wrong_source == 0; }
};

struct StormFigures {
  std::uint64_t started = 0;
  std::uint64_t logged_in = 0;
  std::uint64_t failed = 0;
  std::uint64_t left_out = 0;  // due while a thousand were under way
  std::string first_failure;
  Histogram login;  // from when it was due to ServerInfo
  double seconds = 0;
};

struct LorisFigures {
  std::uint64_t opened = 0;
  std::uint64_t cut = 0;
  std::uint64_t held = 0;  // at the end
  Histogram lifetime;      // of those that were cut
};

struct ServerFigures {
  double seconds = 0;
  bool ended = false;      // a server did: nothing is known about its time
  double cpu_seconds = 0;  // of all -server-pid
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t resident_kib = 0;  // at the end
  double own_cpu_seconds = 0;
  double machine_cpu_seconds = 0;  // all of the above and whoever else was there
  double stolen_seconds = 0;

  double others_cpu_seconds() const {
    return std::max(0.0, machine_cpu_seconds - cpu_seconds - own_cpu_seconds);
  }
};

struct IdleFigures {
  std::uint64_t clients = 0;
  double login_seconds = 0;
  std::uint64_t resident_before_kib = 0;
  std::uint64_t resident_after_kib = 0;  // after the settling time
  std::uint64_t resident_end_kib = 0;    // after the idle time
  // The whole machine's, so the generator's share is in it.
  std::int64_t kernel_tcp_kib = 0;
  std::int64_t kernel_slab_kib = 0;
  std::uint64_t broken = 0;  // while idle
  std::string first_break;
  std::uint64_t reached = 0;  // got and verified one packet afterwards
  std::uint64_t corrupted = 0;
};

struct Figures {
  std::string tls;  // of the first client
  std::optional<TrafficFigures> traffic;
  std::optional<StormFigures> storm;
  std::optional<LorisFigures> loris;
  std::optional<IdleFigures> idle;
  ServerFigures server;
};

}  // namespace derp::load
