// derper: a relay for clients that find no direct path to each other (DERP), with STUN beside it.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/cli/flags.h"
#include "common/cli/version.h"
#include "common/net/standard_descriptors.h"
#include "derper/check_config.h"
#include "derper/log_format.h"
#include "derper/options.h"
#include "derper/server.h"

namespace {

using derp::Logger;
using derp::relay::Environment;
using derp::relay::Options;

// Ends in status 0 after a signal, 1 when something is wrong.
int Serve(const Options& options, const Environment& environment, const Logger& logger) {
  if (const auto problem = derp::relay::FindBadOption(options)) {
    logger.Error("derper: {}", *problem);
    return 1;
  }
  derp::relay::Server server(options, environment, logger);
  if (const auto started = server.Start(); !started) {
    logger.Error("{}", started.error().context);
    return 1;
  }
  server.Run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  derp::net::ReserveStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);  // a reload asked for before the server runs has nothing to do
  try {
    const Environment environment = derp::cli::ProcessEnvironment();
    Options options;
    const auto parsed = derp::relay::ParseOptions(
        argv[0], std::vector<std::string>(argv + 1, argv + argc), environment, options);
    if (parsed.action == derp::cli::ParseResult::Action::kExit) {
      std::fputs(parsed.stderr_text.c_str(), stderr);
      return parsed.exit_code;
    }
    if (options.version) {
      std::puts(derp::cli::Version().c_str());
      return 0;
    }
    if (options.print_config) {
      std::fputs(derp::relay::ShownConfig(options).c_str(), stdout);
      return 0;
    }
    if (options.check_config) {
      const auto check = derp::relay::CheckConfig(options, environment);
      std::fputs(check.text.c_str(), stdout);
      return check.status;
    }
    return Serve(options, environment, derp::relay::MakeLogger(options.log_format));
  } catch (const std::exception& error) {
    Logger().Error("derper: {}", error.what());
    return 1;
  }
}
