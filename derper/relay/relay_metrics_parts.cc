#include "derper/relay/relay_metrics_parts.h"

#include <array>

#include <fmt/format.h>

namespace derp::relay {

namespace {

using metrics::Family;
using metrics::Kind;

// One row per cause, also of those that did not happen yet.
template <typename Fault, std::size_t N>
void AppendCauses(MetricsWriter& writer, std::string_view name, std::string_view help,
                  std::array<Counter, N> WorkerCounters::* field) {
  Family& family = writer.Begin(name, Kind::kCounter, help);
  for (std::size_t i = 0; i < N; ++i) {
    family.samples.push_back(
        {.labels = {{"cause", std::string(FaultLabel(static_cast<Fault>(i)))}},
         .value = writer.Total([&](const WorkerCounters& c) { return (c.*field)[i].value(); }),
         .histogram = {}});
  }
}

}  // namespace

void AppendTlsMetrics(const RelayState& state, MetricsWriter& writer) {
  const auto by_version = [&](std::string_view name, Kind kind, auto tls12, auto tls13) {
    Family& family = writer.Begin(name, kind);
    const auto add = [&](const char* version, auto field) {
      family.samples.push_back(
          {.labels = {{"version", version}},
           .value = writer.Total([&](const WorkerCounters& c) { return (c.*field).value(); }),
           .histogram = {}});
    };
    add("1.2", tls12);
    add("1.3", tls13);
  };
  by_version("derper_tls_request_version", Kind::kUntyped, &WorkerCounters::tls12_requests,
             &WorkerCounters::tls13_requests);
  by_version("derper_tls_active_version", Kind::kGauge, &WorkerCounters::tls12_active,
             &WorkerCounters::tls13_active);
  bool any_tls = false;
  for (const ListenerOptions& listener : state.options.listeners) any_tls |= listener.tls;
  if (!any_tls) return;
  writer.Value("tls_listener_accepted_connections", Kind::kCounter,
               static_cast<double>(state.tls_accepted.load()));
  writer.Value("tls_listener_rejected_connections", Kind::kCounter,
               static_cast<double>(state.tls_rejected.load()));
}

void AppendFaultMetrics(MetricsWriter& writer) {
  AppendCauses<HandshakeFault>(writer, "derper_tls_handshake_errors",
                               "TLS handshakes that failed, by cause.",
                               &WorkerCounters::handshake_faults);
  AppendCauses<PeerFault>(writer, "derper_login_failures", "DERP logins that failed, by cause.",
                          &WorkerCounters::login_faults);
  AppendCauses<PeerFault>(writer, "derper_protocol_errors",
                          "Clients cut off for breaking the protocol, by cause.",
                          &WorkerCounters::session_faults);
  writer.Sum("derper_bad_requests", &WorkerCounters::bad_requests);
  writer.Sum("derper_proxy_head_errors", &WorkerCounters::proxy_head_errors);
}

void AppendQueueTimes(const RelayState& state, MetricsWriter& writer) {
  constexpr double kMicrosecond = 1e-6;
  Family& family = writer.Begin("derper_queue_time_seconds", Kind::kHistogram,
                                "How long packets waited for their destination's socket, by lane.");
  for (const PacketKind kind : {PacketKind::kDisco, PacketKind::kOther}) {
    const auto lane = static_cast<std::size_t>(kind);
    metrics::Sample sample;
    sample.labels = {{"lane", std::string(KindLabel(kind))}};
    metrics::HistogramValue& value = sample.histogram;
    for (std::size_t i = 0; i <= kQueueTimeBoundsUs.size(); ++i) {
      for (const auto& worker : state.workers) {
        value.count += worker->shown_counters().queue_time[lane].count(i);
      }
      if (i == kQueueTimeBoundsUs.size()) break;
      value.buckets.emplace_back(kQueueTimeBoundsUs[i] / 1e6, value.count);
    }
    value.sum = kMicrosecond *
                writer.Total([&](const WorkerCounters& c) { return c.queue_time[lane].sum(); });
    family.samples.push_back(std::move(sample));
  }
}

void AppendWorkerMetrics(const RelayState& state, MetricsWriter& writer) {
  const auto per_worker = [&](std::string_view name, Kind kind, std::string_view help,
                              const auto& value) {
    Family& family = writer.Begin(name, kind, help);
    for (std::size_t i = 0; i < state.workers.size(); ++i) {
      family.samples.push_back({.labels = {{"worker", fmt::format("{}", i)}},
                                .value = static_cast<double>(value(i)),
                                .histogram = {}});
    }
  };
  per_worker("derper_worker_connections", Kind::kGauge, "Open connections of the worker.",
             [&](std::size_t i) { return state.workers[i]->load(); });
  per_worker("derper_worker_cpu_seconds", Kind::kCounter,
             "CPU time the worker used; its rate is the busy share.",
             [&](std::size_t i) { return state.workers[i]->CpuSeconds(); });
  per_worker("derper_worker_turns", Kind::kCounter, "Turns of the worker's event loop.",
             [&](std::size_t i) { return state.workers[i]->shown_counters().turns.value(); });
  per_worker("derper_worker_mailbox_bytes", Kind::kGauge,
             "Payload on its way to the worker from the others.", [&](std::size_t i) {
               std::size_t waiting = 0;
               for (std::size_t from = 0; from < state.workers.size(); ++from) {
                 waiting += state.mailbox(from, i).waiting();
               }
               return waiting;
             });
}

}  // namespace derp::relay
