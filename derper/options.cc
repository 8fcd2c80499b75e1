#include "derper/options.h"

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/config_file.h"
#include "common/config/print_config.h"

namespace derp::relay {
namespace {

std::string Lookup(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// As Go's os.UserCacheDir: XDG_CACHE_HOME counts only when it is absolute.
std::string DefaultCertDir(const Environment& environment) {
  constexpr std::string_view kFolder = "/tailscale/derper-certs";
  const std::string cache = Lookup(environment, "XDG_CACHE_HOME");
  if (!cache.empty()) return cache[0] == '/' ? cache + std::string(kFolder) : std::string();
  const std::string home = Lookup(environment, "HOME");
  return home.empty() ? std::string() : home + "/.cache" + std::string(kFolder);
}

std::string DefaultMeshKeyFile(const Environment& environment) {
  const std::string in_home = Lookup(environment, "HOME") + "/keys/derp-mesh.key";
  for (const std::string& path : {std::string("/home/derp/keys/derp-mesh.key"), in_home}) {
    if (FileExists(path)) return path;
  }
  return {};
}

// Of a list of URLs.
std::string RedactedList(std::string_view text) {
  std::vector<std::string> shown;
  for (const std::string& url : ListItems(text)) shown.push_back(config::Redacted(url));
  return Join(shown, ",");
}

}  // namespace

Options DefaultOptions(const Environment& environment) {
  Options options;
  options.cert_dir = DefaultCertDir(environment);
  options.mesh_psk_file = DefaultMeshKeyFile(environment);
  const std::string home = Lookup(environment, "HOME");
  options.secrets_cache_dir = home + (home.empty() ? "" : "/") + ".cache/derper-secrets";
  return options;
}

cli::ParseResult ParseOptions(const std::string& program, const std::vector<std::string>& args,
                              const Environment& environment, Options& options) {
  options = DefaultOptions(environment);
  cli::FlagSet flags(program, "DERPER_");
  RegisterFlags(flags, options);
  cli::ParseResult parsed = flags.Parse(args, environment);
  if (parsed.action == cli::ParseResult::Action::kExit || options.version) return parsed;
  if (!options.config.empty()) {
    if (const auto taken = config::TakeConfigFile(options.config, flags); !taken) {
      return {.action = cli::ParseResult::Action::kExit,
              .exit_code = 2,
              .stderr_text = fmt::format("derper: -config: {}\n", taken.error().context)};
    }
  }
  options.in_force = flags.InForce();
  return parsed;
}

std::string ShownConfig(const Options& options) {
  std::vector<cli::FlagInForce> shown = options.in_force;
  for (cli::FlagInForce& flag : shown) {
    for (std::string& value : flag.values) {
      if (flag.name == "acme-eab-key" && !value.empty()) value = "xxxxx";
      if (flag.name == "verify-client-url") value = RedactedList(value);
    }
  }
  return "# derper: what is in force, and where it comes from\n" +
         config::PrintConfig(shown, {}, {"check-config", "config", "print-config", "version"});
}

std::vector<std::string> ListItems(std::string_view text) {
  std::vector<std::string> items;
  for (const std::string_view item : Split(text, ',')) {
    const std::string_view trimmed = TrimSpace(item);
    if (!trimmed.empty()) items.emplace_back(trimmed);
  }
  return items;
}

}  // namespace derp::relay
