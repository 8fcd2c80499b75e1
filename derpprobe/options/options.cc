#include "derpprobe/options/options.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "derpprobe/options/flag_groups.h"

namespace derp::probe {

namespace {

constexpr std::string_view kProgram = "derpprobe";

cli::ParseResult UsageError(std::string_view message) {
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
std::optional<std::string> Complaint(const Options& options,
                                     const std::map<std::string, std::string>& environment) {
  if (options.interval <= Duration::zero()) return "-interval must be above zero";
  if (options.timeout <= Duration::zero()) return "-timeout must be above zero";
  if (options.idle_check < Duration::zero()) return "-idle-check must not be below zero";
  if (options.qd_packet_timeout <= Duration::zero()) {
    return "-qd-packet-timeout must be above zero";
  }
  if (options.qd_once_duration <= Duration::zero()) return "-qd-once-duration must be above zero";
  if (options.bw_min < 0) return "-bw-min must not be below zero";
  if (KeyWouldLeak(options, environment)) {
    return "the mesh key is for the relays of one own map: name it with -derp-map, or the regions "
           "that may have the key with -mesh-key-regions";
  }
  return std::nullopt;
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
  if (const auto unknown = ParseWords(words, options)) return UsageError(*unknown);
  options.spread_given = flags.WasSet("spread") && options.spread;
  options.region_codes = SplitCommas(options.region_codes);
  options.excluded_regions = SplitCommas(options.excluded_regions);
  options.mesh_key_regions = SplitCommas(options.mesh_key_regions);
  if (options.derp_map.empty()) options.derp_map.emplace_back(kVendorMap);
  if (const auto complaint = Complaint(options, environment)) return UsageError(*complaint);
  return parsed;
}

bool MeshKeyMayGoTo(const Options& options, std::string_view region_code, std::int64_t region_id) {
  const auto& named = options.mesh_key_regions;
  if (named.empty()) return HasOneOwnMap(options);
  return std::any_of(named.begin(), named.end(), [&](const std::string& name) {
    return name == region_code || name == fmt::format("{}", region_id);
  });
}

}  // namespace derp::probe
