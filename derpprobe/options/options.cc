#include "derpprobe/options/options.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/socket_address.h"
#include "common/base/text.h"
#include "common/config/config_file.h"
#include "common/config/print_config.h"
#include "common/derpmap/source.h"
#include "derpprobe/options/flag_groups.h"

namespace derp::probe {

namespace {

constexpr std::string_view kProgram = "derpprobe";

// `flags` tell where the value stands that the complaint is about.
cli::ParseResult UsageError(const cli::FlagSet& flags, const Complaint& complaint) {
  std::string message = complaint.text;
  for (const cli::FlagInForce& flag : flags.InForce()) {
    if (flag.name != complaint.flag || flag.where.empty()) continue;
    const bool variable = flag.origin == cli::Origin::kEnvironment;
    message += fmt::format(" ({}{})", variable ? "environment variable " : "", flag.where);
  }
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

// A source that cannot be one, whatever stands behind it.
std::optional<Complaint> SourceFault(const Options& options) {
  for (const std::string& source : options.derp_map) {
    const auto parsed = derpmap::ParseMapSource(source);
    if (!parsed) return Complaint{"derp-map", "-derp-map: " + parsed.error().context};
  }
  if (options.lint.empty()) return std::nullopt;
  const auto parsed = derpmap::ParseMapSource(options.lint);
  if (!parsed) return Complaint{"lint", "-lint: " + parsed.error().context};
  return std::nullopt;
}

std::optional<Complaint> SecretsFault(const std::string& url) {
  if (url.empty() || url.starts_with("https://") || url.starts_with("http://")) return std::nullopt;
  return Complaint{"secrets-url", "-secrets-url: is no http or https URL"};
}

bool HasOneOwnMap(const Options& options) {
  return options.derp_map.size() == 1 && options.derp_map.front() != kVendorMap;
}

// findings.md rule 10: the mesh key never goes to other people's relays.
bool KeyWouldLeak(const Options& options, const std::map<std::string, std::string>& environment) {
  const bool has_key = options.dev ? environment.contains(std::string(kMeshKeyVariable))
                                   : !options.mesh_psk_file.empty() || !options.secrets_url.empty();
  return has_key && options.mesh_key_regions.empty() && !HasOneOwnMap(options);
}

// Values that each flag accepts and that make no sense together or at all.
std::optional<Complaint> ValueFault(const Options& options,
                                    const std::map<std::string, std::string>& environment) {
  struct Bound {
    std::string_view flag;
    bool fits;
    std::string_view bound;
  };
  const Duration zero{};
  for (const Bound& bound :
       {Bound{"interval", options.interval > zero, "be above zero"},
        Bound{"timeout", options.timeout > zero, "be above zero"},
        Bound{"idle-check", options.idle_check >= zero, "not be below zero"},
        Bound{"qd-packet-timeout", options.qd_packet_timeout > zero, "be above zero"},
        Bound{"qd-once-duration", options.qd_once_duration > zero, "be above zero"},
        Bound{"bw-min", options.bw_min >= 0, "not be below zero"}}) {
    if (bound.fits) continue;
    return Complaint{std::string(bound.flag), fmt::format("-{} must {}", bound.flag, bound.bound)};
  }
  if (options.AsksBandwidth() && !options.bw_tun_address.empty()) {
    const auto tun = IpAddress::Parse(options.bw_tun_address);
    if (!tun || !tun->is_v4()) {
      return Complaint{"bw-tun-ipv4-addr", "-bw-tun-ipv4-addr: is no IPv4 address"};
    }
  }
  if (const auto fault = SourceFault(options)) return fault;
  if (const auto fault = SecretsFault(options.secrets_url)) return fault;
  if (!KeyWouldLeak(options, environment)) return std::nullopt;
  return Complaint{{},
                   "the mesh key is for the relays of one own map: name it with -derp-map, or the "
                   "regions that may have the key with -mesh-key-regions"};
}

}  // namespace

cli::ParseResult ParseOptions(const std::vector<std::string>& args,
                              const std::map<std::string, std::string>& environment,
                              Options& options) {
  cli::FlagSet flags{std::string(kProgram), "DERPPROBE_"};
  FlagWords words;
  RegisterReferenceFlags(flags, options);
  RegisterOwnFlags(flags, options, words);
  cli::ParseResult parsed = flags.Parse(args, environment);
  if (parsed.action == cli::ParseResult::Action::kExit || options.version) return parsed;
  if (!options.config.empty()) {
    if (const auto taken = config::TakeConfigFile(options.config, flags); !taken) {
      return UsageError(flags, {{}, "-config: " + taken.error().context});
    }
  }
  if (const auto unknown = ParseWords(words, options)) return UsageError(flags, *unknown);
  options.spread_given = flags.WasSet("spread") && options.spread;
  options.region_codes = SplitCommas(options.region_codes);
  options.excluded_regions = SplitCommas(options.excluded_regions);
  options.mesh_key_regions = SplitCommas(options.mesh_key_regions);
  if (options.derp_map.empty()) options.derp_map.emplace_back(kVendorMap);
  options.in_force = flags.InForce();
  if (const auto fault = ValueFault(options, environment)) return UsageError(flags, *fault);
  return parsed;
}

std::string ShownConfig(const Options& options,
                        const std::map<std::string, std::string>& environment) {
  std::string text = "# derpprobe: what is in force, and where it comes from\n";
  if (options.dev) {
    const bool set = environment.contains(std::string(kMeshKeyVariable));
    text += fmt::format("# mesh key: environment variable {} ({})\n", kMeshKeyVariable,
                        set ? "set, not shown" : "not set");
  }
  return text + config::PrintConfig(
                    options.in_force, {"alert-webhook"},
                    {"check-config", "config", "explain", "lint", "print-config", "version"});
}

bool MeshKeyMayGoTo(const Options& options, std::string_view region_code, std::int64_t region_id) {
  const auto& named = options.mesh_key_regions;
  if (named.empty()) return HasOneOwnMap(options);
  return std::any_of(named.begin(), named.end(), [&](const std::string& name) {
    return name == region_code || name == fmt::format("{}", region_id);
  });
}

}  // namespace derp::probe
