#include "derper/web/go_vars.h"

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/go_number.h"

namespace derp::relay {
namespace {

using metrics::Family;
using metrics::Kind;
using metrics::Sample;
using nlohmann::json;

constexpr double kExactWhole = 9007199254740992.0;  // 2^53

json Number(double value) {
  if (std::fabs(value) <= kExactWhole && std::trunc(value) == value) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

json Histogram(const metrics::HistogramValue& histogram) {
  json out = json::object();
  std::uint64_t before = 0;
  for (const auto& [bound, cumulative] : histogram.buckets) {
    out[FormatGoFloat(bound)] = cumulative - before;
    before = cumulative;
  }
  out["+Inf"] = histogram.count - before;
  out["sum"] = Number(histogram.sum);
  out["count"] = histogram.count;
  return out;
}

json Value(const Family& family, const Sample& sample) {
  return family.kind == Kind::kHistogram ? Histogram(sample.histogram) : Number(sample.value);
}

// One label: its value is the member's name. Several: all of them, as the text form has them.
std::string MemberName(const metrics::Labels& labels) {
  if (labels.size() == 1) return labels.front().second;
  std::string name;
  for (const auto& [label, value] : labels) {
    name += fmt::format("{}{}=\"{}\"", name.empty() ? "" : ",", label, value);
  }
  return name;
}

json Content(const Family& family) {
  if (family.samples.size() == 1 && family.samples.front().labels.empty()) {
    return Value(family, family.samples.front());
  }
  json members = json::object();
  for (const Sample& sample : family.samples) {
    members[MemberName(sample.labels)] = Value(family, sample);
  }
  return members;
}

bool HasLabels(const Family& family) {
  return family.samples.empty() || !family.samples.front().labels.empty();
}

// Within the relay's set the Go program prefixes gauges, histograms and labelled counters; plain
// counters and numbers are registered as they are, but for one.
std::string NameInRelaySet(std::string_view name, const Family& family) {
  if (family.kind == Kind::kGauge) return fmt::format("gauge_{}", name);
  const bool prefixed = family.kind == Kind::kHistogram ||
                        (family.kind == Kind::kCounter && HasLabels(family)) ||
                        name == "total_dup_client_conns";
  return fmt::format("{}{}", prefixed ? "counter_" : "", name);
}

std::string NameWithPrefix(std::string_view name, const Family& family) {
  if (family.kind == Kind::kGauge) return fmt::format("gauge_{}", name);
  if (family.kind == Kind::kCounter) return fmt::format("counter_{}", name);
  if (family.kind == Kind::kHistogram) return fmt::format("histogram_{}", name);
  return std::string(name);
}

// "heap_alloc" to "HeapAlloc", as runtime.MemStats has it.
std::string CamelCase(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

// Registered on their own, although their names begin like a set's.
bool StandsAlone(std::string_view name) {
  constexpr std::array<std::string_view, 3> kAlone = {"derp_packets_dropped", "derp_bytes_dropped",
                                                      "derp_websocket_accepts"};
  for (const std::string_view alone : kAlone) {
    if (name == alone) return true;
  }
  return false;
}

bool TakePrefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

void Put(json& root, const Family& family) {
  std::string_view name = family.name;
  if (name == "version" && !family.samples.empty() && !family.samples.front().labels.empty()) {
    root["version"] = root["derp"]["version"] = family.samples.front().labels.front().second;
  } else if (StandsAlone(name)) {
    root[family.name] = Content(family);
  } else if (TakePrefix(name, "derp_")) {
    root["derp"][NameInRelaySet(name, family)] = Content(family);
  } else if (TakePrefix(name, "stun_")) {
    root["stun"][NameWithPrefix(name, family)] = Content(family);
  } else if (TakePrefix(name, "tls_listener_")) {
    root["tls_listener"][NameWithPrefix(name, family)] = Content(family);
  } else if (TakePrefix(name, "memstats_")) {
    root["memstats"][CamelCase(name)] = Content(family);
  } else {
    root[NameWithPrefix(name, family)] = Content(family);
  }
}

}  // namespace

std::string GoVars(const std::vector<Family>& families, const std::vector<std::string>& arguments) {
  json root = json::object();
  root["cmdline"] = arguments;
  for (const Family& family : families) Put(root, family);
  // One line per variable, as the Go program has it.
  std::string out = "{\n";
  for (const auto& [name, value] : root.items()) {
    constexpr auto kReplace = json::error_handler_t::replace;
    out += fmt::format("{}{}: {}", out.size() > 2 ? ",\n" : "",
                       json(name).dump(-1, ' ', false, kReplace),
                       value.dump(-1, ' ', false, kReplace));
  }
  return out + "\n}\n";
}

}  // namespace derp::relay
