// derpprobe: checks the relays of a DERP map, once or as a service.
#include <cstdio>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

#include "common/cli/flags.h"
#include "common/cli/version.h"
#include "common/net/resolver.h"
#include "common/net/sockets.h"
#include "common/net/standard_descriptors.h"
#include "derpprobe/maps/map_sources.h"
#include "derpprobe/once/explain.h"
#include "derpprobe/once/once.h"
#include "derpprobe/options/asked_format.h"
#include "derpprobe/options/options.h"
#include "derpprobe/report/nagios_report.h"
#include "derpprobe/service/service.h"

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

int Serve(const derp::probe::Options& options,
          const std::map<std::string, std::string>& environment) {
  const derp::SystemClock clock;
  const derp::Logger logger;
  const auto key = derp::probe::LoadMeshKey(options, environment);
  if (!key) {
    logger.Error("{}", key.error().context);
    return 1;
  }
  logger.Info("{}", key->log_line);
  derp::net::RaiseDescriptorLimit();
  derp::SystemRandom random;
  derp::net::SystemResolver resolver;
  auto context = derp::diagnosis::MakeWalkContext(clock, random, resolver, options.crl);
  context.caps.walk = options.timeout;
  const derp::probe::ServiceOptions service{
      .listen = options.listen,
      .prober = {.intervals = {options.interval, options.tls_interval, options.stun_interval,
                               options.mesh_interval},
                 .spread = options.spread,
                 .instance = HostName(),
                 .mesh_key_rule =
                     [&](std::string_view code, std::int64_t id) {
                       const bool may = derp::probe::MeshKeyMayGoTo(options, code, id);
                       return may ? key->key : std::nullopt;
                     },
                 .asked = {.admission = options.check_admission, .idle = options.idle_check}},
      .watch = {.map_sources = options.derp_map,
                .environment = environment,
                .udp_reference = options.udp_reference}};
  derp::probe::MapSources maps({.sources = options.derp_map,
                                .filter = {options.region_codes, options.excluded_regions},
                                .interval = options.interval},
                               clock);
  const auto load = [&] { return maps.Refresh(clock.Now() + options.interval * 4 / 5); };
  return derp::probe::RunService(service, load, context, clock, logger);
}

}  // namespace

int main(int argc, char** argv) {
  derp::net::ReserveStandardDescriptors();
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
  return options.once ? derp::probe::RunOnce(options, environment) : Serve(options, environment);
}
