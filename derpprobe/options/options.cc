#include "derpprobe/options/options.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "derpprobe/options/reserved_flags.h"

namespace derp::probe {

namespace {

constexpr std::string_view kProgram = "derpprobe";

cli::ParseResult UsageError(std::string message) {
  cli::ParseResult result;
  result.action = cli::ParseResult::Action::kExit;
  result.exit_code = 2;
  result.stderr_text = fmt::format("{}: {}\n", kProgram, message);
  return result;
}

// Repeats and commas to one list without blanks.
std::vector<std::string> SplitCommas(const std::vector<std::string>& values) {
  std::vector<std::string> items;
  for (const std::string& value : values) {
    for (const std::string_view item : Split(value, ',')) {
      const std::string_view trimmed = TrimSpace(item);
      if (!trimmed.empty()) items.emplace_back(trimmed);
    }
  }
  return items;
}

void RegisterReferenceFlags(cli::FlagSet& flags, Options& options) {
  flags.Bool("dev", &options.dev,
             "take the mesh key from the environment variable TAILSCALE_DERPER_MESH_KEY");
  flags.List("derp-map", &options.derp_map,
             "source of the DERP map: http(s) or file URL, path, or 'local' for tailscaled; may "
             "repeat (default \"https://login.tailscale.com/derpmap/default\")");
  flags.Bool("version", &options.version, "print the version and exit");
  flags.Text("listen", &options.listen, "address of the HTTP service");
  flags.Bool("once", &options.once, "run every probe once, print the report, and exit");
  flags.Bool("spread", &options.spread, "spread the first runs of the probes over their interval");
  flags.DurationFlag("interval", &options.interval, "how often the map is read again");
  flags.DurationFlag("mesh-interval", &options.mesh_interval,
                     "interval of the mesh probes; 0 switches them off");
  flags.DurationFlag("stun-interval", &options.stun_interval,
                     "interval of the STUN probes; 0 switches them off");
  flags.DurationFlag("tls-interval", &options.tls_interval,
                     "interval of the TLS probes; 0 switches them off");
  flags.List("region-code", &options.region_codes,
             "probe these regions only, by code or number; may repeat or hold commas");
  flags.Text("mesh-psk-file", &options.mesh_psk_file,
             "file with the mesh key: 64 hexadecimal digits");
}

void RegisterOwnFlags(cli::FlagSet& flags, Options& options, std::string& format) {
  flags.Text("format", &format, "report of -once: text or go");
  flags.Bool("v", &options.verbose, "report every node and every stage");
  flags.Text("explain", &options.explain, "explain a finding's code and exit; 'all' for all");
  flags.DurationFlag("timeout", &options.timeout, "longest time for one node");
}

std::optional<Format> ParseFormat(std::string_view text) {
  if (text == "text") return Format::kText;
  if (text == "go") return Format::kGo;
  return std::nullopt;
}

// findings.md rule 10: the mesh key never goes to other people's relays.
bool KeyWouldLeak(const Options& options, const std::map<std::string, std::string>& environment) {
  const bool has_key = options.dev ? environment.contains(std::string(kMeshKeyVariable))
                                   : !options.mesh_psk_file.empty();
  return has_key && !MeshKeyMayGoToMap(options);
}

}  // namespace

cli::ParseResult ParseOptions(const std::vector<std::string>& args,
                              const std::map<std::string, std::string>& environment,
                              Options& options) {
  cli::FlagSet flags{std::string(kProgram), "DERPPROBE_"};
  ReservedFlags reserved;
  std::string format = "text";
  RegisterReferenceFlags(flags, options);
  RegisterOwnFlags(flags, options, format);
  reserved.Register(flags);
  cli::ParseResult parsed = flags.Parse(args, environment);
  if (parsed.action == cli::ParseResult::Action::kExit || options.version) return parsed;
  if (const auto complaint = reserved.Complaint()) return UsageError(*complaint);
  if (options.interval <= Duration::zero()) {
    return UsageError("-interval must be above zero");
  }
  if (options.timeout <= Duration::zero()) return UsageError("-timeout must be above zero");
  const auto chosen = ParseFormat(format);
  if (!chosen) {
    return UsageError(fmt::format("-format {}: known are text and go", PrintablePeerText(format)));
  }
  options.format = *chosen;
  options.spread_given = flags.WasSet("spread") && options.spread;
  options.region_codes = SplitCommas(options.region_codes);
  if (options.derp_map.empty()) options.derp_map.emplace_back(kVendorMap);
  if (KeyWouldLeak(options, environment)) {
    return UsageError("the mesh key is for the relays of one own map: name it with -derp-map");
  }
  return parsed;
}

bool MeshKeyMayGoToMap(const Options& options) {
  return options.derp_map.size() == 1 && options.derp_map.front() != kVendorMap;
}

}  // namespace derp::probe
