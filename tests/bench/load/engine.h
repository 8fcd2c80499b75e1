// The traffic of one thread: its clients, its flows, and what became of every packet. Closed loop
// or paced; threads share nothing but Control.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "tests/bench/load/client_set.h"
#include "tests/bench/load/figures.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/payload.h"
#include "tests/bench/load/schedule.h"
#include "tests/bench/load/sequence_check.h"
#include "tests/bench/load/topology.h"

namespace derp::load {

struct Plan {
  TimePoint start;    // traffic
  TimePoint measure;  // what counts
  TimePoint stop;     // of sending
  TimePoint end;      // of waiting for what is under way
};

// How the main thread and the engines keep together.
struct Control {
  std::atomic<std::size_t> waiting = 0;  // engines that may start
  std::atomic<std::size_t> finished = 0;
  std::atomic<bool> stop = false;      // something failed
  std::atomic<std::int64_t> start{0};  // steady clock, nanoseconds; set once, by the main thread
};

class Engine final : public PacketTaker {
 public:
  // References outlive it. `share` is this thread's part of -rate.
  Engine(const Options& options, Topology topology, double share, std::uint64_t seed,
         Control& control);

  // All of it: logins, a packet through every flow, traffic, the last packets. On its own thread.
  void Run();

  // After Run().
  const std::optional<Error>& failure() const { return failure_; }
  const TrafficFigures& figures() const { return figures_; }
  std::string TlsText() { return clients_[0].TlsText(); }

 private:
  struct Flow {
    FlowPlan plan;
    std::uint64_t key = 0;
    std::uint64_t next = 0;      // number of the next packet
    std::uint64_t forgiven = 0;  // numbers below are not waited for
    SequenceCheck check;
    TimePoint last_change;
    std::uint64_t delivered = 0;
    bool primed = false;
    bool queued = false;  // in ready_flows_

    std::uint64_t outstanding() const { return next - std::max(check.next(), forgiven); }
  };

  void OnPacket(const Connection& at, const NodePublic& source, ByteView packet,
                TimePoint now) override;
  void Count(Flow& flow, const PayloadHead& head, TimePoint now);

  bool PrimeFlows();
  bool WaitForStart();
  void Traffic();
  void Drain();
  void Finish();

  void SendDue(TimePoint now);
  void SendToSlow(TimePoint now);
  void FillReadyFlows();
  void ReviveFlows(TimePoint now);
  void ReadSlowly(TimePoint now);
  void CountBroken();
  bool SendOne(Flow& flow, std::uint32_t number, TimePoint time, TimePoint now);
  void SendProbe(Flow& flow, std::uint32_t number);
  void Queue(Flow& flow);
  bool InMeasurement(TimePoint time) const { return time >= plan_.measure && time < plan_.stop; }
  Duration WaitFor(TimePoint now) const;

  const Options& options_;
  const double share_;
  Control& control_;
  std::optional<Error> failure_;
  TrafficFigures figures_;
  Plan plan_{};
  Tools tools_;
  ClientSet clients_;
  std::vector<Flow> flows_;
  std::vector<std::uint32_t> ready_flows_;  // closed loop: may send
  std::vector<std::uint32_t> slow_flows_;
  std::vector<std::uint32_t> paced_flows_;  // open loop: those of the schedule, in turn
  std::optional<Schedule> schedule_;
  std::optional<Schedule> slow_schedule_;
  std::size_t unprimed_ = 0;
  TimePoint next_tick_;
  TimePoint next_slow_read_;
  double slow_budget_ = 0;
  Bytes packet_;
};

}  // namespace derp::load
