#include "derpprobe/service/target_probe.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "common/base/text.h"
#include "derpprobe/service/target_metrics.h"

namespace derp::probe {
namespace {

using diagnosis::WalkTask;

constexpr std::uint16_t kStunPort = 3478;
constexpr auto kShortestBudget = std::chrono::seconds(1);

TargetAnswer Refusal(int status, std::string text) { return {status, std::move(text)}; }

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// Addresses that a name must not lead to, whoever controls it: this machine and its neighbourhood.
bool IsTreacherous(const IpAddress& address) {
  const IpAddress ip = address.Unmap();
  return ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocal() || ip.IsMulticast();
}

// The mates of a mesh are only its other ends.
void AskMeshAlone(WalkTask& mate) { mate.asked = StagesOf(ProbeModule::kMesh); }

}  // namespace

std::optional<ProbeModule> ParseProbeModule(std::string_view name) {
  if (name.empty() || name == "derp") return ProbeModule::kDerp;
  if (name == "tls") return ProbeModule::kTls;
  if (name == "stun") return ProbeModule::kStun;
  if (name == "mesh") return ProbeModule::kMesh;
  return std::nullopt;
}

diagnosis::StagesAsked StagesOf(ProbeModule module) {
  diagnosis::StagesAsked asked;
  if (module == ProbeModule::kDerp) return asked;
  asked.tls = module == ProbeModule::kTls;
  asked.stun = module == ProbeModule::kStun;
  asked.mesh = module == ProbeModule::kMesh;
  asked.side = false;
  asked.ws = false;
  return asked;
}

std::string Shown(std::string_view asked) {
  constexpr std::size_t kMostBytes = 120;
  if (asked.size() <= kMostBytes) return GoQuote(asked);
  return GoQuote(asked.substr(0, kMostBytes)) + "…";
}

Duration ScrapeBudget(std::string_view header, Duration most) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  const bool good =
      error == std::errc() && end == header.data() + header.size() && seconds > 0 && seconds < 1e6;
  if (!good) return most;
  const auto asked = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return std::clamp<Duration>(asked - std::chrono::milliseconds(500), kShortestBudget, most);
}

TargetProbe::TargetProbe(const diagnosis::WalkContext& context, FindNode find,
                         std::vector<std::string> allowed)
    : context_(context), find_(std::move(find)), allowed_(std::move(allowed)) {}

bool TargetProbe::IsAllowed(std::string_view target) const {
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const std::string& entry) { return EqualsIgnoreCase(entry, target); });
}

Expected<derpmap::Node, TargetAnswer> TargetProbe::ForeignNode(const TargetRequest& request) const {
  const auto parts = SplitHostPort(request.target);
  const auto port = parts ? ParsePort(parts->port) : std::nullopt;
  if (!port || parts->host.empty() || !IsAllowed(request.target)) {
    return Fail(Refusal(403, fmt::format("{} is no node of the DERP map, and -probe-allow does "
                                         "not name it",
                                         Shown(request.target))));
  }
  derpmap::Node node;
  node.name = request.target;
  node.host_name = ToLowerAscii(parts->host);
  node.ipv4 = "none";
  node.ipv6 = "none";
  const bool stun = request.module == ProbeModule::kStun;
  node.derp_port = stun ? 0 : *port;
  // Nothing but what was allowed is touched.
  node.stun_port = stun ? *port : IsAllowed(JoinHostPort(parts->host, kStunPort)) ? kStunPort : -1;
  const bool literal = IpAddress::Parse(parts->host).has_value();
  const auto addresses =
      context_.resolver.Resolve(node.host_name, std::nullopt,
                                context_.clock.Now() + std::min(request.budget, context_.caps.dns));
  if (!addresses) return Fail(Refusal(502, addresses.error().text));
  for (const IpAddress& address : *addresses) {
    if (!literal && IsTreacherous(address)) {
      return Fail(Refusal(403, fmt::format("{} leads to {}, which -probe-allow does not name",
                                           Shown(request.target), address.ToString())));
    }
    // The walk goes where was looked, whatever the name says next time.
    std::string& slot = address.is_v4() ? node.ipv4 : node.ipv6;
    if (slot == "none") slot = address.ToString();
  }
  return node;
}

Expected<std::vector<WalkTask>, TargetAnswer> TargetProbe::Plan(
    const TargetRequest& request) const {
  const diagnosis::StagesAsked asked = StagesOf(request.module);
  std::vector<WalkTask> tasks = find_(request.target, asked);
  if (!tasks.empty()) {
    if (!asked.mesh) tasks.resize(1);
    for (std::size_t i = 1; i < tasks.size(); ++i) AskMeshAlone(tasks[i]);
    return tasks;
  }
  auto node = ForeignNode(request);
  if (!node) return Fail(std::move(node.error()));
  WalkTask task;  // No mesh key: it is for the map's relays alone.
  task.region = "target";
  task.region_id = 0;
  task.node = std::move(*node);
  task.single_in_region = true;
  task.asked = asked;
  tasks.push_back(std::move(task));
  return tasks;
}

TargetAnswer TargetProbe::Run(const TargetRequest& request) const {
  const TimePoint start = context_.clock.Now();
  auto tasks = Plan(request);
  if (!tasks) return std::move(tasks.error());
  diagnosis::WalkContext context = context_;
  const bool meshed = tasks->size() > 1;
  if (meshed) context.caps.mesh = std::min<Duration>(context.caps.mesh, request.budget / 2);
  context.caps.walk = std::min<Duration>(
      context.caps.walk, request.budget - (meshed ? context.caps.mesh : Duration::zero()));
  const std::int64_t region_id = tasks->front().region_id;
  if (region_id == 0) context.node_key.reset();  // a stranger to the map: no key of ours
  const std::string name = tasks->front().node.name;
  diagnosis::Measurement measured;
  measured.mesh_asked = meshed;
  {
    diagnosis::Measurer measurer(context);
    const bool mesh_asked = measured.mesh_asked;
    measured = measurer.Measure(std::move(*tasks));
    measured.mesh_asked = mesh_asked;
  }
  const diagnosis::RunReport report = diagnosis::Judge(std::move(measured));
  for (const diagnosis::NodeReport& node : report.nodes) {
    if (node.region_id != region_id || node.node != name) continue;
    return {200, TargetMetrics(report, node, context_.clock.Now() - start, request.debug)};
  }
  return Refusal(500, "the walk gave no result");
}

}  // namespace derp::probe
