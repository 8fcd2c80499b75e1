// derpprobe: checks the relays of a DERP map, once or as a service.
#include <cstdio>
#include <malloc.h>
#include <map>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "common/cli/flags.h"
#include "common/cli/version.h"
#include "common/net/resolver.h"
#include "common/net/sockets.h"
#include "common/net/standard_descriptors.h"
#include "derpprobe/once/explain.h"
#include "derpprobe/once/once.h"
#include "derpprobe/once/pair_measurements.h"
#include "derpprobe/options/asked_format.h"
#include "derpprobe/options/options.h"
#include "derpprobe/report/nagios_report.h"
#include "derpprobe/service/service.h"
#include "derpprobe/setup/check_config.h"
#include "derpprobe/setup/live_setup.h"

namespace {

void Print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

// A wrong command line is status 2, and for Nagios a line on standard output and status 3.
int UsageExit(const derp::cli::ParseResult& parsed, const std::vector<std::string>& args,
              const std::map<std::string, std::string>& environment) {
  if (parsed.exit_code != 2 || !derp::probe::AsksNagios(args, environment)) return parsed.exit_code;
  std::string why = parsed.stderr_text.substr(0, parsed.stderr_text.find('\n'));
  if (why.starts_with("derpprobe: ")) why.erase(0, 11);
  const auto unknown = derp::probe::NagiosUnknown(why);
  Print(stdout, unknown.text);
  return unknown.status;
}

int Explain(const std::string& code) {
  const derp::probe::Explanation page = derp::probe::Explain(code);
  Print(stdout, page.text);
  Print(stderr, page.error);
  return page.status;
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

constexpr auto kSecretsPatience = std::chrono::minutes(5);  // a service waits for its key

derp::probe::PairProberOptions PairsOf(const derp::probe::Options& options,
                                       derp::diagnosis::MeshKeyRule key_rule) {
  derp::probe::PairProberOptions pairs{.packet_timeout = options.qd_packet_timeout,
                                       .bw_min = options.bw_min,
                                       .qd_max = options.qd_max,
                                       .spread = options.spread,
                                       .instance = HostName(),
                                       .mesh_key_rule = std::move(key_rule)};
  if (!options.bw_tun_address.empty()) pairs.tun = derp::IpAddress::Parse(options.bw_tun_address);
  return pairs;
}

// What a command of the operator's may see of our environment.
std::map<std::string, std::string> WithoutSecrets(std::map<std::string, std::string> environment) {
  environment.erase(std::string(derp::probe::kMeshKeyVariable));
  return environment;
}

derp::probe::ServiceOptions ServiceOptionsOf(const derp::probe::Options& options,
                                             const std::map<std::string, std::string>& environment,
                                             derp::probe::LiveSetup& setup) {
  const auto key_rule = [&setup](std::string_view code, std::int64_t id) {
    return setup.KeyFor(code, id);
  };
  derp::probe::ServiceOptions service;
  service.listen = options.listen;
  service.prober.intervals = derp::probe::IntervalsOf(options);
  service.prober.spread = options.spread;
  service.prober.instance = HostName();
  service.prober.mesh_key_rule = key_rule;
  service.prober.asked = {.admission = options.check_admission, .idle = options.idle_check};
  service.pairs = PairsOf(options, key_rule);
  service.watch = {.map_sources = options.derp_map,
                   .environment = environment,
                   .udp_reference = options.udp_reference};
  service.state_dir = options.state_dir;
  service.alert_rule = {options.alert_after.bad, options.alert_after.rounds};
  service.alerts = {.webhook = options.alert_webhook,
                    .command = options.alert_command,
                    .environment = WithoutSecrets(environment),
                    .vantage = HostName()};
  service.probe_allow = options.probe_allow;
  service.reload = [&setup]() -> derp::Expected<derp::probe::ClassIntervals, derp::Error> {
    const auto now = setup.Reload();
    if (!now) return derp::Fail(now.error());
    return derp::probe::IntervalsOf(*now);
  };
  return service;
}

int Serve(const std::vector<std::string>& args,
          const std::map<std::string, std::string>& environment,
          const derp::probe::Options& options) {
  const derp::SystemClock clock;
  const derp::Logger logger;
  const auto key = derp::probe::LoadMeshKey(options, environment, kSecretsPatience);
  if (!key) {
    logger.Error("{}", key.error().context);
    return 1;
  }
  logger.Info("{}", key->log_line);
  auto node_key = derp::probe::LoadNodeKey(options);
  if (!node_key) {
    logger.Error("{}", node_key.error().context);
    return 1;
  }
  derp::net::RaiseDescriptorLimit();
  derp::SystemRandom random;
  derp::net::SystemResolver resolver;
  auto context = derp::diagnosis::MakeWalkContext(clock, random, resolver, options.crl);
  context.caps.walk = options.timeout;
  context.node_key = std::move(*node_key);
  derp::probe::LiveSetup setup(args, environment, options, key->key, clock, logger);
  const auto service = ServiceOptionsOf(options, environment, setup);
  return derp::probe::RunService(
      service, [&setup] { return setup.RefreshMap(); }, context, clock, logger);
}

}  // namespace

int main(int argc, char** argv) {
  derp::net::ReserveStandardDescriptors();
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 3);  // one arena per worker would triple the memory of a large fleet
#endif
  const std::vector<std::string> args(argv + 1, argv + argc);
  const auto environment = derp::cli::ProcessEnvironment();
  derp::probe::Options options;
  const auto parsed = derp::probe::ParseOptions(args, environment, options);
  Print(stderr, parsed.stderr_text);
  if (parsed.action == derp::cli::ParseResult::Action::kExit) {
    return UsageExit(parsed, args, environment);
  }
  if (options.version) {
    Print(stdout, derp::cli::Version() + "\n");
    return 0;
  }
  if (!options.explain.empty()) return Explain(options.explain);
  if (options.print_config) {
    Print(stdout, derp::probe::ShownConfig(options, environment));
    return 0;
  }
  if (options.check_config) {
    const auto check = derp::probe::CheckConfig(options, environment);
    Print(stdout, check.text);
    return check.status;
  }
  if (!options.lint.empty()) return derp::probe::RunLint(options, environment);
  return options.once ? derp::probe::RunOnce(options, environment)
                      : Serve(args, environment, options);
}
