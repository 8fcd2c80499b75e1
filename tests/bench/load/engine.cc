// The stages of a run; what happens during the traffic is in engine_traffic.cc.
#include "tests/bench/load/engine.h"

#include <fmt/format.h>

#include "common/base/mix.h"

namespace derp::load {
namespace {

constexpr std::uint32_t kProbe = std::uint32_t{1} << 31;  // of PayloadHead::flow: not counted
constexpr std::size_t kProbeSize = 64;
constexpr auto kProbeEvery = std::chrono::milliseconds(200);
constexpr auto kProbePatience = std::chrono::seconds(30);
constexpr auto kSlowDrain = std::chrono::milliseconds(500);
constexpr auto kWait = std::chrono::milliseconds(2);

}  // namespace

Engine::Engine(const Options& options, Topology topology, double share, std::uint64_t seed,
               Control& control)
    : options_(options),
      share_(share),
      control_(control),
      clients_(tools_, options.servers, topology.clients, *this),
      flows_(topology.flows.size()),
      packet_(*std::max_element(options.sizes.begin(), options.sizes.end()) + kProbeSize) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    flows_[i].plan = topology.flows[i];
    flows_[i].key = MixBits(seed + i);
    if (flows_[i].plan.slow) slow_flows_.push_back(number);
    if (options.rate > 0 || !flows_[i].plan.slow) paced_flows_.push_back(number);
  }
  ready_flows_.reserve(flows_.size());
  unprimed_ = flows_.size();
}

void Engine::Run() {
  MakeTimersSharp();
  failure_ = clients_.ConnectAll(options_.connect_parallel, control_.stop);
  if (!failure_ && PrimeFlows() && WaitForStart()) {
    Traffic();
    Drain();
    Finish();
  }
  if (failure_) control_.stop.store(true);
  control_.finished.fetch_add(1);
}

// A packet through every flow, again until it arrives: two meshed servers need a moment to tell
// each other who is there, and a queue may drop.
bool Engine::PrimeFlows() {
  const TimePoint deadline = SystemClock().Now() + kProbePatience;
  TimePoint next = SystemClock().Now();
  while (unprimed_ > 0) {
    const TimePoint now = SystemClock().Now();
    if (now >= next) {
      next = now + kProbeEvery;
      for (std::size_t i = 0; i < flows_.size(); ++i) {
        if (!flows_[i].primed) SendProbe(flows_[i], static_cast<std::uint32_t>(i));
      }
    }
    tools_.FlushAll();
    clients_.Turn(kWait);
    CountBroken();
    if (control_.stop.load()) return false;
    if (figures_.broken + figures_.slow_broken > 0) {
      failure_ = Error{ErrorCode::kClosed, figures_.first_break, 0};
      return false;
    }
    if (now > deadline) {
      failure_ = Error{
          ErrorCode::kTimeout,
          fmt::format("{} of {} flows delivered nothing at first", unprimed_, flows_.size()), 0};
      return false;
    }
  }
  return true;
}

void Engine::SendProbe(Flow& flow, std::uint32_t number) {
  const TimePoint now = SystemClock().Now();
  Connection& from = clients_[flow.plan.source];
  if (!from.ready()) return;
  const ByteSpan packet = ByteSpan(packet_).first(kProbeSize);
  FillPayload(packet, flow.key,
              {.sequence = 0,
               .time = now.time_since_epoch().count(),
               .flow = number | kProbe,
               .size = kProbeSize});
  from.Send(clients_[flow.plan.destination].key(), packet, now);
}

void Engine::OnPacket(const Connection& at, const NodePublic& source, ByteView packet,
                      TimePoint now) {
  const auto head = PeekPayload(packet);
  if (!head || (head->flow & ~kProbe) >= flows_.size()) {
    ++figures_.corrupted;
    return;
  }
  Flow& flow = flows_[head->flow & ~kProbe];
  if (!PayloadIsIntact(packet, flow.key, *head)) {
    ++figures_.corrupted;
  } else if (at.token() != flow.plan.destination || source != clients_[flow.plan.source].key()) {
    ++figures_.wrong_source;
  } else if ((head->flow & kProbe) == 0) {
    Count(flow, *head, now);
  } else if (!flow.primed) {
    flow.primed = true;
    --unprimed_;
  }
}

bool Engine::WaitForStart() {
  control_.waiting.fetch_add(1);
  while (control_.start.load() == 0) {
    if (control_.stop.load()) return false;
    tools_.FlushAll();
    clients_.Turn(kWait);
  }
  plan_.start = TimePoint(Duration(control_.start.load()));
  plan_.measure = plan_.start + options_.warm_up;
  plan_.stop = plan_.measure + options_.duration;
  plan_.end = plan_.stop + options_.drain;
  return true;
}

void Engine::Drain() {
  // Only those who read learn that they were cut.
  for (const std::uint32_t flow : slow_flows_) {
    clients_[flows_[flow].plan.destination].ReadAgain();
  }
  const TimePoint least = slow_flows_.empty() ? plan_.stop : plan_.stop + kSlowDrain;
  const auto done = [this, least] {
    return SystemClock().Now() >= least &&
           std::all_of(flows_.begin(), flows_.end(), [](const Flow& flow) {
             return flow.plan.slow || flow.check.next() == flow.next;
           });
  };
  while (SystemClock().Now() < plan_.end && !done()) {
    tools_.FlushAll();
    clients_.Turn(kWait);
  }
}

void Engine::Finish() {
  CountBroken();
  for (const Flow& flow : flows_) {
    if (flow.plan.slow) {
      figures_.slow_sent += flow.next;
      figures_.slow_received += flow.check.received();
      continue;
    }
    figures_.sent += flow.next;
    figures_.received += flow.check.received();
    if (flow.delivered == 0) ++figures_.dead_flows;
    figures_.per_flow.push_back(flow.delivered);
  }
}

void Engine::CountBroken() {
  figures_.broken = 0;
  figures_.slow_broken = 0;
  std::vector<bool> slow(clients_.size());
  for (const std::uint32_t flow : slow_flows_) slow[flows_[flow].plan.destination] = true;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].broken()) continue;
    ++(slow[i] ? figures_.slow_broken : figures_.broken);
    if (!slow[i] && figures_.first_break.empty()) {
      figures_.first_break = clients_[i].error().context;
    }
  }
}

}  // namespace derp::load
