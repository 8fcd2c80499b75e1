#include "derper/relay/relay_metrics.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "derper/relay/metrics_writer.h"
#include "derper/relay/relay_metrics_parts.h"

namespace derp::relay {

namespace {

using metrics::Family;
using metrics::Kind;
using Writer = MetricsWriter;

constexpr std::array kKinds = {PacketKind::kDisco, PacketKind::kOther};

void AppendTraffic(Writer& writer) {
  writer.Sum("derp_accepts", &WorkerCounters::accepts);
  writer.Sum("derp_bytes_received", &WorkerCounters::bytes_received);
  writer.Sum("derp_bytes_sent", &WorkerCounters::bytes_sent);
  writer.Sum("derp_packets_received", &WorkerCounters::packets_received);
  writer.Sum("derp_packets_sent", &WorkerCounters::packets_sent);
  writer.Sum("derp_packets_forwarded_in", &WorkerCounters::forwarded_in);
  writer.Sum("derp_packets_forwarded_out", &WorkerCounters::forwarded_out);
  writer.Sum("derp_got_ping", &WorkerCounters::got_ping);
  writer.Sum("derp_sent_pong", &WorkerCounters::sent_pong);
  writer.Sum("derp_unknown_frames", &WorkerCounters::unknown_frames);
  writer.Sum("derp_home_moves_in", &WorkerCounters::home_moves_in);
  writer.Sum("derp_home_moves_out", &WorkerCounters::home_moves_out);
  writer.Sum("derp_peer_gone_disconnected_frames", &WorkerCounters::gone_disconnected_frames);
  writer.Sum("derp_peer_gone_not_here_frames", &WorkerCounters::gone_not_here_frames);
  writer.Sum("derp_sclient_write_timeouts", &WorkerCounters::write_timeouts);
  writer.Sum("derp_current_connections", &WorkerCounters::connections);
  writer.Sum("derp_current_home_connections", &WorkerCounters::home_connections);
  writer.Sum("derp_current_notideal_connections", &WorkerCounters::not_ideal_connections);
  writer.Sum("derp_watchers", &WorkerCounters::watchers);
  writer.SumHistogram("derp_buffered_write_frames", &WorkerCounters::write_frames);
  writer.SumHistogram("derp_mesh_update_batch_size", &WorkerCounters::mesh_batch);
  writer.SumHistogram("derp_mesh_update_loop_count", &WorkerCounters::mesh_loop);
}

void AppendLabelled(Writer& writer) {
  Family& received = writer.Begin("derp_packets_received_kind", Kind::kCounter);
  for (const PacketKind kind : kKinds) {
    received.samples.push_back({.labels = {{"kind", std::string(KindLabel(kind))}},
                                .value = writer.Total([&](const WorkerCounters& c) {
                                  return c.received.of(kind).value();
                                }),
                                .histogram = {}});
  }
  const auto drops = [&](std::string_view name, std::string_view help, auto field) {
    Family& family = writer.Begin(name, Kind::kCounter, help);
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      for (const PacketKind kind : kKinds) {
        const auto reason = static_cast<DropReason>(i);
        family.samples.push_back({.labels = {{"reason", std::string(ReasonLabel(reason))},
                                             {"kind", std::string(KindLabel(kind))}},
                                  .value = writer.Total([&](const WorkerCounters& c) {
                                    return (c.*field)[i].of(kind).value();
                                  }),
                                  .histogram = {}});
      }
    }
  };
  drops("derp_packets_dropped", "DERP packets dropped by reason and by kind",
        &WorkerCounters::packets_dropped);
  drops("derp_bytes_dropped", "DERP bytes dropped by reason and by kind",
        &WorkerCounters::bytes_dropped);

  Family& round_trips = writer.Begin("derp_tcp_rtt", Kind::kCounter);
  for (std::size_t i = 0; i <= kRoundTripBoundsMs.size(); ++i) {
    const double count =
        writer.Total([&](const WorkerCounters& c) { return c.round_trips[i].value(); });
    if (count == 0) continue;  // as in Go, a label appears with its first sample
    const bool last = i == kRoundTripBoundsMs.size();
    round_trips.samples.push_back(
        {.labels = {{"le", last ? "inf" : fmt::format("{}ms", kRoundTripBoundsMs[i])}},
         .value = count,
         .histogram = {}});
  }
  const double not_tcp =
      writer.Total([](const WorkerCounters& c) { return c.round_trips_not_tcp.value(); });
  if (not_tcp > 0) {
    round_trips.samples.push_back(
        {.labels = {{"le", "non-tcp"}}, .value = not_tcp, .histogram = {}});
  }
  const double errors =
      writer.Total([](const WorkerCounters& c) { return c.round_trip_errors.value(); });
  if (errors > 0) {
    round_trips.samples.push_back({.labels = {{"le", "error"}}, .value = errors, .histogram = {}});
  }
}

void AppendRegistry(const RelayState& state, Writer& writer) {
  const RegistryTotals totals = state.registry.Totals();
  const auto gauge = [&](std::string_view name, std::uint64_t value) {
    writer.Value(name, Kind::kGauge, static_cast<double>(value));
  };
  const auto counter = [&](std::string_view name, std::uint64_t value) {
    writer.Value(name, Kind::kCounter, static_cast<double>(value));
  };
  gauge("derp_clients_total", totals.keys);
  gauge("derp_clients_local", totals.local_keys);
  gauge("derp_clients_remote", totals.keys - totals.local_keys);
  gauge("derp_current_dup_client_keys", totals.duplicate_keys);
  gauge("derp_current_dup_client_conns", totals.duplicate_connections);
  counter("derp_total_dup_client_conns", totals.duplicates_ever);
  counter("derp_multiforwarder_created", totals.multi_created);
  counter("derp_multiforwarder_deleted", totals.multi_deleted);
  counter("derp_packet_forwarder_delete_other_value", totals.delete_other_value);
  gauge("derper_peer_gone_interests", totals.interests);
  counter("derper_peer_gone_interests_refused", totals.interests_refused);
  counter("derper_accept_failures", state.accept_failures.load());
  gauge("derper_stranger_bytes", state.strangers.used());
}

// The mean over the workers that relayed anything.
double AverageQueueMs(const RelayState& state) {
  double sum = 0;
  int workers = 0;
  for (const auto& worker : state.workers) {
    const double average = worker->shown_counters().queue_ms.load(std::memory_order_relaxed);
    if (average < 0) continue;
    sum += average;
    ++workers;
  }
  return workers == 0 ? 0 : sum / workers;
}

}  // namespace

void AppendRelayMetrics(const RelayState& state, std::vector<Family>& out) {
  Writer writer(state, out);
  AppendTraffic(writer);
  AppendLabelled(writer);
  AppendTlsMetrics(state, writer);
  AppendFaultMetrics(writer);
  AppendQueueTimes(state, writer);
  AppendWorkerMetrics(state, writer);
  AppendRegistry(state, writer);
  writer.Value("derp_average_queue_duration_ms", Kind::kUntyped, AverageQueueMs(state));
  writer.Value("derp_current_file_descriptors", Kind::kGauge, metrics::OpenDescriptors());
  writer.Value("derp_websocket_accepts", Kind::kCounter,
               writer.Total([](const WorkerCounters& c) { return c.websocket_accepts.value(); }));
  writer.Value("derp_memstats_sys0", Kind::kGauge, static_cast<double>(state.memory_at_start));
}

}  // namespace derp::relay
