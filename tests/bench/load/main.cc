// derpload: loads a DERP server with real clients and checks all that comes back (README.md).
#include <cstdio>
#include <exception>
#include <fstream>

#include <fmt/format.h>

#include "common/net/sockets.h"
#include "tests/bench/load/idle.h"
#include "tests/bench/load/process.h"
#include "tests/bench/load/report.h"
#include "tests/bench/load/topology.h"
#include "tests/bench/load/traffic_run.h"

namespace derp::load {
namespace {

constexpr std::size_t kOtherDescriptors = 100;

std::optional<Error> TooFewDescriptors(const Options& options) {
  std::size_t wanted = kOtherDescriptors + options.loris;
  if (options.idle > 0) {
    wanted += options.idle;
  } else {
    for (const Topology& topology : PlanTopologies(options)) wanted += topology.clients.size();
    wanted += options.storm_rate > 0 ? 1000 : options.storm_parallel;
  }
  const std::uint64_t limit = net::RaiseDescriptorLimit();
  if (wanted <= limit) return std::nullopt;
  return Error{ErrorCode::kResource,
               fmt::format("{} descriptors are needed, the limit is {}", wanted, limit), 0};
}

std::optional<Error> NoSuchServer(const Options& options) {
  if (SampleProcesses(options.server_pids).found == options.server_pids.size()) return std::nullopt;
  return Error{ErrorCode::kNotFound, "-server-pid: no such process", 0};
}

int Main(const std::string& program, const std::vector<std::string>& args) {
  const auto parsed = ParseOptions(program, args);
  if (!parsed) {
    std::fputs(parsed.error().stdout_text.c_str(), stdout);
    std::fputs(parsed.error().stderr_text.c_str(), stderr);
    return parsed.error().code;
  }
  const Options& options = parsed->options;
  Figures figures;
  std::optional<Error> error = TooFewDescriptors(options);
  if (!error) error = NoSuchServer(options);
  if (!error) {
    error = options.idle > 0 ? IdleRun(options).Run(figures) : RunTraffic(options, figures);
  }
  if (error) {
    fmt::print(stderr, "derpload: {}\n", error->context);
    return 1;
  }
  fmt::print("{}", TextReport(options, figures));
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << JsonReport(*parsed, figures) << std::flush;
    if (!file) {
      fmt::print(stderr, "derpload: cannot write {}\n", options.json);
      return 1;
    }
  }
  if (figures.server.ended) return 1;
  const bool sound = (!figures.traffic || figures.traffic->sound()) &&
                     (!figures.idle || figures.idle->corrupted == 0);
  if (!sound) fmt::print(stderr, "derpload: packets came back wrong\n");
  return sound ? 0 : 3;
}

}  // namespace
}  // namespace derp::load

int main(int argc, char** argv) {
  try {
    return derp::load::Main(argc > 0 ? argv[0] : "derpload",
                            std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "derpload: %s\n", error.what());
    return 1;
  }
}
