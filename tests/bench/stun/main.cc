// stunload: loads a STUN server with the requests of Tailscale's clients, checks every answer, and
// prints one line of JSON: rates, losses, and the server's CPU time for each answer.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/cli/flags.h"
#include "tests/bench/load/process.h"
#include "tests/bench/stun/load_run.h"

namespace derp::stunload {
namespace {

using Json = nlohmann::ordered_json;

struct Raw {
  std::string server;
  std::int64_t clients = 64;
  std::int64_t burst = 16;
  std::int64_t server_pid = 0;
};

void Declare(cli::FlagSet& flags, Raw& raw, LoadOptions& options) {
  flags.Text("server", &raw.server, "`address:port` of the STUN server");
  flags.Int("clients", &raw.clients, "sockets that ask");
  flags.Float("rate", &options.rate, "requests per second in all, evenly spaced; 0 for a flood");
  flags.Int("burst", &raw.burst, "flood: requests of one client that leave in one system call");
  flags.Bool("segmented", &options.segmented,
             "flood: the kernel cuts them from one buffer, which costs this program less");
  flags.DurationFlag("warm-up", &options.warm_up, "time before the measurement");
  flags.DurationFlag("duration", &options.duration, "time of the measurement");
  flags.Int("server-pid", &raw.server_pid, "process whose CPU time is read");
}

std::string Judge(const Raw& raw, LoadOptions& options) {
  const auto server = SocketAddress::Parse(raw.server);
  if (!server) return "-server: an address and a port";
  if (raw.clients < 1 || raw.clients > 10'000) return "-clients: 1 to 10000";
  if (raw.burst < 1 || raw.burst > static_cast<std::int64_t>(Client::kMostAtOnce)) {
    return fmt::format("-burst: 1 to {}", Client::kMostAtOnce);
  }
  if (!(options.rate >= 0 && options.rate <= 10'000'000)) return "-rate: 0 to 10000000";
  if (options.duration <= Duration::zero()) return "-duration: more than nothing";
  options.server = *server;
  options.clients = static_cast<std::size_t>(raw.clients);
  options.burst = static_cast<std::size_t>(raw.burst);
  options.server_pid = static_cast<int>(raw.server_pid);
  if (load::SampleProcesses({options.server_pid}).found == 0) return "-server-pid: no such process";
  return {};
}

Json Times(const load::Histogram& histogram) {
  return {{"p50_us", static_cast<double>(histogram.Percentile(0.5)) / 1e3},
          {"p99_us", static_cast<double>(histogram.Percentile(0.99)) / 1e3},
          {"p999_us", static_cast<double>(histogram.Percentile(0.999)) / 1e3},
          {"max_us", static_cast<double>(histogram.max()) / 1e3}};
}

Json Report(const LoadOptions& options, const LoadFigures& figures) {
  const auto answered = static_cast<double>(figures.measured.answered);
  const auto per_answer = [&](double seconds) {
    return answered > 0 ? seconds * 1e6 / answered : 0;
  };
  const load::ServerFigures& server = figures.server;
  Json out = {{"seconds", server.seconds},
              {"offered_per_second", static_cast<double>(figures.measured.sent) / server.seconds},
              {"answered_per_second", answered / server.seconds},
              {"answered", figures.measured.answered},
              {"cpu_us_per_answer", per_answer(server.cpu_seconds)},
              {"user_us_per_answer", per_answer(server.user_seconds)},
              {"server_cpu", server.cpu_seconds / server.seconds},
              {"own_cpu", server.own_cpu_seconds / server.seconds},
              {"machine_cpu", server.machine_cpu_seconds / server.seconds},
              {"stolen", server.stolen_seconds / server.seconds},
              {"unanswered", figures.whole.sent - figures.whole.answered},
              {"duplicated", figures.whole.duplicated},
              {"wrong", figures.whole.wrong},
              {"not_sent", figures.whole.not_sent}};
  if (options.rate > 0) {
    out["round_trip"] = Times(figures.round_trip);
    out["own_lateness"] = Times(figures.lateness);
  }
  return out;
}

int Fault(const std::string& text, int code) {
  fmt::print(stderr, "stunload: {}\n", text);
  return code;
}

int Main(const std::string& program, const std::vector<std::string>& args) {
  Raw raw;
  LoadOptions options;
  options.warm_up = std::chrono::milliseconds(200);
  options.duration = std::chrono::seconds(1);
  cli::FlagSet flags(program, "");
  Declare(flags, raw, options);
  const auto parsed = flags.Parse(args, {});
  if (parsed.action == cli::ParseResult::Action::kExit) {
    std::fputs(parsed.stderr_text.c_str(), stderr);
    return parsed.exit_code;
  }
  if (const std::string fault = Judge(raw, options); !fault.empty()) return Fault(fault, 2);
  const auto figures = RunLoad(options);
  if (!figures) return Fault(figures.error().context, 1);
  if (figures->server.ended) return Fault("the server ended", 1);
  fmt::print("{}\n", Report(options, *figures).dump());
  if (figures->whole.wrong + figures->whole.duplicated == 0) return 0;
  return Fault("answers came back wrong", 3);
}

}  // namespace
}  // namespace derp::stunload

int main(int argc, char** argv) {
  try {
    return derp::stunload::Main(argc > 0 ? argv[0] : "stunload",
                                std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stunload: %s\n", error.what());
    return 1;
  }
}
