// /debug/traffic?format=json, documented in docs/schemas/derper.traffic.json.
#include <nlohmann/json.hpp>

#include "common/cli/version.h"
#include "derper/web/traffic_view.h"

namespace derp::relay {
namespace {

using Json = nlohmann::ordered_json;

double Milliseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Json Drops(const std::array<std::uint64_t, kDropReasons>& drops) {
  Json out = Json::object();
  for (std::size_t i = 0; i < drops.size(); ++i) {
    out[std::string(ReasonLabel(static_cast<DropReason>(i)))] = drops[i];
  }
  return out;
}

// Null when nothing was ever queued.
Json Mean(std::uint64_t sum, std::uint64_t count) {
  if (count == 0) return nullptr;
  return Milliseconds(sum) / static_cast<double>(count);
}

Json ClientJson(const ClientFigures& client, const TrafficView& view) {
  const ClientCounts& counts = client.counts;
  Json out = {{"key", client.key.ToString()},
              {"address", client.address.ToString()},
              {"since", FormatRfc3339(view.WallOf(client.since))},
              {"transport", client.transport},
              {"websocket", client.websocket},
              {"home", client.home},
              {"mesh", client.mesh},
              {"prober", client.prober},
              {"packets_in", counts.packets_in},
              {"bytes_in", counts.bytes_in},
              {"packets_out", counts.packets_out},
              {"bytes_out", counts.bytes_out},
              {"wire_bytes_in", client.wire_in},
              {"wire_bytes_out", client.wire_out},
              {"drops", Drops(counts.drops)},
              {"queued_packets", client.queued_packets}};
  out["queue_ms_mean"] = Mean(counts.queue_ns, counts.packets_out);
  out["queue_ms_max"] = Milliseconds(counts.queue_ns_most);
  out["rtt_ms"] = nullptr;
  if (client.round_trip) out["rtt_ms"] = Seconds(*client.round_trip) * 1000;
  out["unique_senders"] = client.distinct_senders;
  return out;
}

// Null where the relay has no limits.
Json LimitJson(const ClientFigures& client, const std::optional<KeyUsage>& usage) {
  if (!usage) return nullptr;
  return {{"paused", client.paused},
          {"waits", usage->waits},
          {"waited_ms", Seconds(usage->waited) * 1000},
          {"quota_bytes", usage->quota},
          {"quota_used_bytes", usage->used},
          {"quota_dropped_packets", usage->dropped_packets}};
}

Json FlowJson(const FlowFigures& flow, const TrafficView& view) {
  const FlowCounts& counts = flow.counts;
  Json out = {{"source", flow.source.ToString()},
              {"destination", flow.destination.ToString()},
              {"to_mesh", flow.to_mesh},
              {"since", FormatRfc3339(view.WallOf(flow.since))},
              {"idle_s", Seconds(std::max(view.taken - flow.last, Duration::zero()))},
              {"packets", counts.packets},
              {"bytes", counts.bytes},
              {"drops", Drops(counts.drops)}};
  out["queue_ms_mean"] = Mean(counts.queue_ns, counts.packets);
  out["queue_ms_max"] = Milliseconds(counts.queue_ns_most);
  return out;
}

}  // namespace

std::string TrafficJson(const TrafficView& view) {
  Json out = {{"schema", "derper.traffic/1"},
              {"tool_version", cli::Version()},
              {"time", FormatRfc3339(view.time)},
              {"sort", OrderName(view.query.order)},
              {"top", view.query.top},
              {"clients_total", view.clients_in_all},
              {"flows_total", view.flows_in_all}};
  out["clients"] = Json::array();
  for (std::size_t i = 0; i < view.clients.size(); ++i) {
    Json client = ClientJson(view.clients[i], view);
    client["limit"] =
        LimitJson(view.clients[i], i < view.limits.size() ? view.limits[i] : std::nullopt);
    out["clients"].push_back(std::move(client));
  }
  out["flows"] = Json::array();
  for (const FlowFigures& flow : view.flows) out["flows"].push_back(FlowJson(flow, view));
  const FlowCounts& rest = view.untracked.counts;
  out["untracked"] = {{"flows_evicted", view.untracked.evicted},
                      {"packets", rest.packets},
                      {"bytes", rest.bytes},
                      {"drops", Drops(rest.drops)}};
  return out.dump() + "\n";
}

}  // namespace derp::relay
