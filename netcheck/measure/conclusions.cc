#include "netcheck/measure/conclusions.h"

namespace derp::netcheck {
namespace {

void KeepLeast(Latencies& latencies, RegionId region, Duration latency) {
  const auto [at, inserted] = latencies.emplace(region, latency);
  if (!inserted && latency < at->second) at->second = latency;
}

}  // namespace

void RecordReply(Report& report, const StunReply& reply) {
  report.udp = true;
  KeepLeast(report.region_latency, reply.region, reply.rtt);
  if (reply.family == AddressFamily::kIpv6) {
    KeepLeast(report.region_v6_latency, reply.region, reply.rtt);
    report.ipv6 = true;
    if (reply.mapped.ip.is_v4()) return;  // an old dual-stack relay: says nothing about IPv6
    report.global_v6 = reply.mapped;
    ++report.global_v6_counters[reply.mapped];
    return;
  }
  KeepLeast(report.region_v4_latency, reply.region, reply.rtt);
  report.ipv4 = true;
  if (!reply.mapped.ip.is_v4()) return;
  ++report.global_v4_counters[reply.mapped];
  if (!report.global_v4) {
    report.global_v4 = reply.mapped;
  } else if (*report.global_v4 != reply.mapped) {
    report.mapping_varies_by_dest_ip = true;
  } else if (!report.mapping_varies_by_dest_ip) {
    report.mapping_varies_by_dest_ip = false;
  }
}

bool ProbeWouldHelp(const Report& report, RegionId region, AddressFamily family) {
  if (report.region_latency.count(region) == 0) return true;
  if (family == AddressFamily::kIpv6) return report.region_v6_latency.empty();
  return !report.mapping_varies_by_dest_ip.has_value();
}

RegionId ChooseHome(const Latencies& latencies, const std::map<RegionId, double>& scores) {
  RegionId home = 0;
  double least = 0;
  for (const auto& [region, latency] : latencies) {
    double scaled = static_cast<double>(latency.count());
    const auto score = scores.find(region);
    if (score != scores.end() && score->second > 0) scaled *= score->second;
    if (home != 0 && scaled >= least) continue;
    home = region;
    least = scaled;
  }
  return home;
}

}  // namespace derp::netcheck
