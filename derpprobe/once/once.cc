#include "derpprobe/once/once.h"

#include <cstdio>
#include <future>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/log.h"
#include "common/cli/progress.h"
#include "common/cli/terminal.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/measure.h"
#include "common/diagnosis/trust/udp_reference.h"
#include "common/net/sockets.h"
#include "derpprobe/maps/map_loader.h"
#include "derpprobe/once/go_lines.h"
#include "derpprobe/once/text_report.h"
#include "derpprobe/schedule/spread.h"

namespace derp::probe {

namespace {

constexpr auto kMapDeadline = std::chrono::seconds(12);  // as the reference: 80 % of 15 s

class OnceRun {
 public:
  OnceRun(const Options& options, const std::map<std::string, std::string>& environment)
      : options_(options),
        environment_(environment),
        out_(cli::Terminal::Detect(STDOUT_FILENO, environment)),
        err_(cli::Terminal::Detect(STDERR_FILENO, environment)),
        progress_(err_, clock_, cli::StderrSink()),
        go_lines_(!err_.is_tty || options.format == Format::kGo) {}

  int Run() {
    start_ = clock_.Now();
    const auto key = LoadMeshKey(options_, environment_);
    if (!key) {
      logger_.Error("{}", key.error().context);
      return 1;
    }
    GoLine(key->log_line);
    GoLine("Waiting for all probes (may take up to 1m)");
    auto map = LoadProbedMap(options_.derp_map, options_.region_codes, start_ + kMapDeadline);
    map_latency_ = clock_.Now() - start_;
    if (!map) return MapFailed(map.error());
    return Report(*map, Measure(*map, key->key));
  }

 private:
  void GoLine(std::string_view line) const {
    if (go_lines_ && !line.empty()) logger_.Info("{}", line);
  }

  // There is nothing to walk; the report says why.
  int MapFailed(const Error& error) {
    if (error.code == ErrorCode::kInvalidArgument) {
      logger_.Error("{}", error.context);
      return 2;
    }
    diagnosis::Measurement nothing;
    diagnosis::Finding finding = diagnosis::MakeFinding(
        error.code == ErrorCode::kNotFound && !options_.region_codes.empty() ? "map.empty"
                                                                             : "map.unreadable");
    finding.headline = finding.code == "map.empty" ? "nothing to probe" : "no DERP map to be had";
    finding.fact = error.context;
    finding.advice = finding.code == "map.empty" ? "correct -region-code, or the map"
                                                 : "make the source serve a DERP map";
    nothing.map_findings.push_back(std::move(finding));
    LoadedMap empty;
    empty.shown = ShownSources(options_.derp_map);
    return Report(empty, std::move(nothing));
  }

  diagnosis::Measurement Measure(const LoadedMap& map, const std::optional<MeshKey>& key) {
    const ClassIntervals intervals = Intervals();
    const derpmap::DerpMap& regions = map.merged.document.map;
    for (const std::string& line : AddingLines(regions, intervals)) GoLine(line);
    diagnosis::StagesAsked asked;
    asked.tls = intervals.tls > Duration::zero();
    asked.stun = intervals.stun > Duration::zero();
    asked.mesh = intervals.mesh > Duration::zero();
    asked.admission = options_.check_admission;
    asked.idle = options_.idle_check;
    auto tasks = diagnosis::PlanWalks(
        regions, map.notes, asked, [&](std::string_view code, std::int64_t id) {
          return MeshKeyMayGoTo(options_, code, id) ? key : std::nullopt;
        });
    diagnosis::AskThoroughly(tasks);
    if (options_.spread_given) Spread(tasks);
    net::RaiseDescriptorLimit();
    net::SystemResolver resolver;
    SystemRandom random;
    diagnosis::WalkContext context =
        diagnosis::MakeWalkContext(clock_, random, resolver, options_.crl);
    context.caps.walk = options_.timeout;
    const std::size_t total = tasks.size();
    std::size_t done = 0;
    progress_.Show(fmt::format("0 of {} nodes", total));
    std::future<diagnosis::UdpReference> reference;
    if (!options_.udp_reference.empty()) {
      reference = std::async(std::launch::async, [&] {
        return diagnosis::AskUdpReference(options_.udp_reference, context);
      });
    }
    diagnosis::Measurer measurer(context);
    auto measured = measurer.Measure(std::move(tasks), [&](const diagnosis::NodeReport&) {
      progress_.Show(fmt::format("{} of {} nodes", ++done, total));
    });
    progress_.Clear();
    measured.map_findings = diagnosis::MapFindings(map.notes);
    measured.prober = diagnosis::LookAtProber(options_.derp_map, environment_, total);
    if (reference.valid()) measured.prober.udp_reference = reference.get();
    return measured;
  }

  // As the service starts its walks; without -spread everything starts at once.
  void Spread(std::vector<diagnosis::WalkTask>& tasks) const {
    for (diagnosis::WalkTask& task : tasks) {
      const std::string name = fmt::format("derp/{}/{}/tls", task.region, task.node.name);
      task.delay = SpreadDelay("", name, options_.tls_interval);
    }
  }

  ClassIntervals Intervals() const {
    return {options_.interval, options_.tls_interval, options_.stun_interval,
            options_.mesh_interval};
  }

  int Report(const LoadedMap& map, diagnosis::Measurement measured) {
    const diagnosis::RunReport report = diagnosis::Judge(std::move(measured));
    for (const std::string& line : ResultLines(report, map_latency_)) GoLine(line);
    if (options_.format == Format::kText) {
      const derpmap::DerpMap& regions = map.merged.document.map;
      const std::string text = TextReport({.report = report,
                                           .map_shown = map.shown,
                                           .map_regions = regions.regions.size(),
                                           .map_nodes = regions.NodeCount(),
                                           .time = clock_.WallNow(),
                                           .took = clock_.Now() - start_,
                                           .verbose = options_.verbose},
                                          out_);
      std::fwrite(text.data(), 1, text.size(), stdout);
      if (std::fflush(stdout) != 0) return 1;
    }
    return report.exit_status;
  }

  const Options& options_;
  const std::map<std::string, std::string>& environment_;
  const SystemClock clock_;
  const Logger logger_;
  const cli::Terminal out_;
  const cli::Terminal err_;
  cli::Progress progress_;
  const bool go_lines_;
  TimePoint start_{};
  Duration map_latency_{};
};

}  // namespace

int RunOnce(const Options& options, const std::map<std::string, std::string>& environment) {
  return OnceRun(options, environment).Run();
}

}  // namespace derp::probe
