#include "netcheck/report/json.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "netcheck/report/words.h"

namespace derp::netcheck {
namespace {

std::string Quoted(std::string_view text) { return fmt::format("\"{}\"", text); }
std::string Value(bool value) { return value ? "true" : "false"; }
std::string Value(const std::optional<bool>& value) { return value ? Value(*value) : "null"; }
std::string Value(const std::optional<SocketAddress>& value) {
  return Quoted(value ? value->ToString() : "");
}

// Names and values of one object; every text in it is a number, an address or a name of ours, so
// nothing needs escaping.
class ObjectWriter {
 public:
  ObjectWriter(JsonLayout layout, std::size_t level) : layout_(layout), level_(level) {}

  void Add(std::string_view name, std::string_view value) {
    const bool indented = layout_ == JsonLayout::kIndented;
    text_ += text_.empty() ? "" : ",";
    if (indented) text_ += "\n" + std::string(level_ + 1, '\t');
    text_ += fmt::format("\"{}\":{}{}", name, indented ? " " : "", value);
  }

  std::string Take() const {
    if (text_.empty() || layout_ == JsonLayout::kOneLine) return "{" + text_ + "}";
    return "{" + text_ + "\n" + std::string(level_, '\t') + "}";
  }

 private:
  JsonLayout layout_;
  std::size_t level_;
  std::string text_;
};

std::string Sorted(const std::map<std::string, std::string>& members, JsonLayout layout) {
  ObjectWriter object(layout, 1);
  for (const auto& [name, value] : members) object.Add(name, value);
  return object.Take();
}

std::string LatenciesJson(const Latencies& latencies, JsonLayout layout) {
  std::map<std::string, std::string> members;
  for (const auto& [region, latency] : latencies)
    members[std::to_string(region)] = std::to_string(latency.count());
  return Sorted(members, layout);
}

std::string CountersJson(const std::map<SocketAddress, int>& counters, JsonLayout layout) {
  if (counters.empty()) return "null";
  std::map<std::string, std::string> members;
  for (const auto& [address, count] : counters) members[address.ToString()] = std::to_string(count);
  return Sorted(members, layout);
}

}  // namespace

std::string FormatJson(const Report& report, JsonLayout layout) {
  ObjectWriter object(layout, 0);
  object.Add("Now", Quoted(UtcText(report.now)));
  object.Add("UDP", Value(report.udp));
  object.Add("IPv6", Value(report.ipv6));
  object.Add("IPv4", Value(report.ipv4));
  object.Add("IPv6CanSend", Value(report.ipv6_can_send));
  object.Add("IPv4CanSend", Value(report.ipv4_can_send));
  object.Add("OSHasIPv6", Value(report.os_has_ipv6));
  object.Add("ICMPv4", Value(report.icmpv4));
  object.Add("MappingVariesByDestIP", Value(report.mapping_varies_by_dest_ip));
  object.Add("UPnP", Value(report.upnp));
  object.Add("PMP", Value(report.pmp));
  object.Add("PCP", Value(report.pcp));
  object.Add("PreferredDERP", std::to_string(report.preferred_derp));
  object.Add("RegionLatency", LatenciesJson(report.region_latency, layout));
  object.Add("RegionV4Latency", LatenciesJson(report.region_v4_latency, layout));
  object.Add("RegionV6Latency", LatenciesJson(report.region_v6_latency, layout));
  object.Add("GlobalV4Counters", CountersJson(report.global_v4_counters, layout));
  object.Add("GlobalV6Counters", CountersJson(report.global_v6_counters, layout));
  object.Add("GlobalV4", Value(report.global_v4));
  object.Add("GlobalV6", Value(report.global_v6));
  object.Add("CaptivePortal", Value(report.captive_portal));
  return object.Take() + "\n";
}

}  // namespace derp::netcheck
