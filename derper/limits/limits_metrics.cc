// What a scrape is told about the limits. Only relays that were given -rate-config say anything.
#include <string>

#include "derper/limits/limits.h"

namespace derp::relay {

namespace {

using metrics::Family;
using metrics::Kind;

void Add(std::vector<Family>& out, std::string_view name, Kind kind, double value,
         std::string_view help = "") {
  out.push_back(
      {.name = std::string(name), .kind = kind, .help = std::string(help), .samples = {}});
  out.back().samples.push_back({.labels = {}, .value = value, .histogram = {}});
}

// Two rows that differ in one label.
void AddPair(std::vector<Family>& out, std::string_view name, Kind kind, std::string_view help,
             const char* label, std::pair<const char*, double> first,
             std::pair<const char*, double> second) {
  out.push_back(
      {.name = std::string(name), .kind = kind, .help = std::string(help), .samples = {}});
  for (const auto& [value, number] : {first, second}) {
    out.back().samples.push_back({.labels = {{label, value}}, .value = number, .histogram = {}});
  }
}

}  // namespace

metrics::Registry::Source Limits::MetricsSource() {
  return [this](std::vector<Family>& out) { AppendMetrics(out); };
}

void Limits::AppendMetrics(std::vector<Family>& out) {
  NoteDay(clock_.WallNow());
  ByteRate client;
  std::uint64_t global_rate = 0;
  std::size_t exhausted = 0;
  std::shared_ptr<QuotaKeeper> keeper;
  {
    const MutexLock lock(mutex_);
    client = config_.client;
    global_rate = config_.global_rate;
    keeper = keeper_;
    for (const auto& [key, account] : accounts_) exhausted += account->dropping();
  }
  const auto number = [](const auto& value) { return static_cast<double>(value); };
  Add(out, "derp_rate_limit_per_client_bytes_per_second", Kind::kUntyped,
      number(client.per_second));
  Add(out, "derp_rate_limit_per_client_burst_bytes", Kind::kUntyped, number(client.burst));
  Add(out, "derp_rate_limit_per_client_waited", Kind::kCounter, number(own_waits_.load()));
  Add(out, "derper_limit_global_bytes_per_second", Kind::kGauge, number(global_rate),
      "Receive limit of the process, 0 for none.");
  Add(out, "derper_limit_global_waited", Kind::kCounter, number(global_waits_.load()),
      "Waits of sources for the receive limit of the process.");
  AddPair(out, "derper_limit_paused_clients", Kind::kGauge,
          "Connections that are not read now, by the limit they wait for.", "by",
          {"global-rate", number(global_paused_.load())}, {"own-rate", number(own_paused_.load())});
  Add(out, "derper_quota_exhausted_keys", Kind::kGauge, number(exhausted),
      "Keys whose packets are dropped until midnight UTC.");
  const auto by_kind = [&](std::string_view name, std::string_view help, const auto& counts) {
    AddPair(out, name, Kind::kCounter, help, "kind", {"disco", number(counts[0].load())},
            {"other", number(counts[1].load())});
  };
  by_kind("derper_quota_dropped_packets", "Packets dropped above a key's daily quota.",
          dropped_packets_);
  by_kind("derper_quota_dropped_bytes", "Payload bytes of those packets.", dropped_bytes_);
  Add(out, "derper_quota_save_failures", Kind::kCounter, keeper ? number(keeper->failures()) : 0,
      "Times the file of the daily quotas could not be written.");
}

}  // namespace derp::relay
