// stunc: asks a STUN server for this machine's address (docs/man/stunc.1).
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include "common/base/clock.h"
#include "common/cli/flags.h"
#include "common/cli/terminal.h"
#include "common/crypto/random.h"
#include "common/net/resolver.h"
#include "stunc/options.h"
#include "stunc/report_json.h"
#include "stunc/report_text.h"
#include "stunc/run.h"

namespace derp::stunc {
namespace {

int Main(const std::string& program, const std::vector<std::string>& args) {
  const auto environment = cli::ProcessEnvironment();
  const auto options = ParseOptions(program, args, environment);
  if (!options) {
    std::cout << options.error().stdout_text << std::flush;
    std::cerr << options.error().stderr_text << std::flush;
    return options.error().code;
  }

  const SystemClock clock;
  SystemRandom random;
  net::SystemResolver resolver;
  const bool to_stderr = options->format == Format::kReference;
  const auto terminal =
      cli::Terminal::Detect(to_stderr ? STDERR_FILENO : STDOUT_FILENO, environment);
  std::unique_ptr<Report> report;
  if (options->format == Format::kJson || options->format == Format::kJsonLine) {
    report = std::make_unique<JsonReport>(*options, clock, std::cout);
  } else {
    const TextStyle style{.extras = options->verbose || terminal.is_tty,
                          .attributes = options->verbose,
                          .series = options->count > 1};
    report =
        std::make_unique<TextReport>(style, terminal, to_stderr ? std::cerr : std::cout, std::cerr);
  }
  return Run(*options, {resolver, clock, random}, *report);
}

}  // namespace
}  // namespace derp::stunc

int main(int argc, char** argv) {
  try {
    return derp::stunc::Main(argc > 0 ? argv[0] : "stunc",
                             std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
