#include "derpprobe/once/once.h"

#include <future>
#include <set>

#include <fmt/format.h>

#include "common/base/log.h"
#include "common/cli/progress.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/measure.h"
#include "common/diagnosis/trust/udp_reference.h"
#include "common/net/sockets.h"
#include "derpprobe/maps/map_findings.h"
#include "derpprobe/once/go_lines.h"
#include "derpprobe/once/once_progress.h"
#include "derpprobe/once/pair_measurements.h"
#include "derpprobe/once/reporter.h"
#include "derpprobe/schedule/spread.h"

namespace derp::probe {

namespace {

constexpr auto kMapDeadline = std::chrono::seconds(12);  // as the reference: 80 % of 15 s
constexpr auto kSecretsPatience = std::chrono::seconds(30);

class OnceRun {
 public:
  OnceRun(const Options& options, const std::map<std::string, std::string>& environment)
      : options_(options),
        environment_(environment),
        reporter_(options, environment, clock_, logger_) {}

  int Run() {
    const TimePoint start = clock_.Now();
    const auto key = LoadMeshKey(options_, environment_, kSecretsPatience);
    if (!key) return reporter_.Fatal(1, key.error().context);
    auto node_key = LoadNodeKey(options_);
    if (!node_key) return reporter_.Fatal(1, node_key.error().context);
    node_key_ = std::move(*node_key);
    reporter_.GoLine(key->log_line);
    reporter_.GoLine("Waiting for all probes (may take up to 1m)");
    const MapRefresh maps = Maps(options_.derp_map).Refresh(start + kMapDeadline);
    map_latency_ = clock_.Now() - start;
    diagnosis::Measurement measured;
    if (maps.map) {
      measured = Measure(*maps.map, key->key);
    } else {  // nothing to walk; a proxy may be the reason
      measured.prober = diagnosis::LookAtProber(options_.derp_map, environment_, 0);
    }
    measured.map_findings = SourceFindings(maps);
    return reporter_.Report(diagnosis::Judge(std::move(measured)), maps, map_latency_, told_);
  }

  int Lint() {
    const MapRefresh maps = Maps({options_.lint}).Refresh(clock_.Now() + kMapDeadline);
    diagnosis::Measurement nothing;
    nothing.map_findings = SourceFindings(maps);
    return reporter_.ReportMap(diagnosis::Judge(std::move(nothing)), maps);
  }

 private:
  MapSources Maps(const std::vector<std::string>& sources) const {
    return MapSources({.sources = sources,
                       .filter = {options_.region_codes, options_.excluded_regions},
                       .interval = options_.interval},
                      clock_);
  }

  diagnosis::Measurement Measure(const LoadedMap& map, const std::optional<MeshKey>& key) {
    const ClassIntervals intervals = Intervals();
    const derpmap::DerpMap& regions = map.merged.document.map;
    for (const std::string& line : AddingLines(regions, intervals)) {
      reporter_.GoLine(line);
    }
    diagnosis::StagesAsked asked;
    asked.tls = intervals.tls > Duration::zero();
    asked.stun = intervals.stun > Duration::zero();
    asked.mesh = intervals.mesh > Duration::zero();
    asked.admission = options_.check_admission;
    asked.idle = options_.idle_check;
    const diagnosis::MeshKeyRule key_rule = [&](std::string_view code, std::int64_t id) {
      const bool may = map.MayHaveKey(id) && MeshKeyMayGoTo(options_, code, id);
      return may ? key : std::nullopt;
    };
    auto tasks = diagnosis::PlanWalks(regions, map.notes, asked, key_rule);
    diagnosis::AskThoroughly(tasks);
    if (options_.spread_given) Spread(tasks);
    net::RaiseDescriptorLimit();
    net::SystemResolver resolver;
    SystemRandom random;
    diagnosis::WalkContext context =
        diagnosis::MakeWalkContext(clock_, random, resolver, options_.crl);
    context.caps.walk = options_.timeout;
    context.node_key = node_key_;
    const std::size_t total = tasks.size();
    std::future<diagnosis::UdpReference> reference;
    if (!options_.udp_reference.empty()) {
      reference = std::async(std::launch::async, [&] {
        return diagnosis::AskUdpReference(options_.udp_reference, context);
      });
    }
    diagnosis::Measurement measured = Walk(context, std::move(tasks));
    cli::Progress progress(reporter_.err(), clock_, cli::StderrSink());
    const auto show = [&](const std::string& text) {
      if (reporter_.ShowsProgress()) progress.Show(text);
    };
    MeasurePairs(options_, regions, key_rule, context, show, measured);
    progress.Clear();
    measured.prober = diagnosis::LookAtProber(options_.derp_map, environment_, total);
    if (reference.valid()) measured.prober.udp_reference = reference.get();
    return measured;
  }

  diagnosis::Measurement Walk(const diagnosis::WalkContext& context,
                              std::vector<diagnosis::WalkTask> tasks) {
    OnceProgress progress(reporter_.err(), reporter_.ShowsProgress(), clock_, tasks);
    diagnosis::Measurer measurer(context);
    return measurer.Measure(std::move(tasks), [&](const diagnosis::NodeReport& node) {
      progress.Done(node);
      for (const ViewResult& failure : EarlyFailures(node)) {
        if (!told_.insert(failure.name).second) continue;
        reporter_.GoLine(FailureLine(failure.name, failure.outcome.error));
      }
    });
  }

  // As the service starts its walks; without -spread everything starts at once.
  void Spread(std::vector<diagnosis::WalkTask>& tasks) const {
    for (diagnosis::WalkTask& task : tasks) {
      const std::string name = fmt::format("derp/{}/{}/tls", task.region, task.node.name);
      task.delay = SpreadDelay("", name, options_.tls_interval);
    }
  }

  ClassIntervals Intervals() const { return IntervalsOf(options_); }

  const Options& options_;
  const std::map<std::string, std::string>& environment_;
  const SystemClock clock_;
  const Logger logger_;
  const Reporter reporter_;
  std::optional<NodePrivate> node_key_;
  Duration map_latency_{};
  std::set<std::string> told_;  // views whose failure has a line already
};

}  // namespace

int RunOnce(const Options& options, const std::map<std::string, std::string>& environment) {
  return OnceRun(options, environment).Run();
}

int RunLint(const Options& options, const std::map<std::string, std::string>& environment) {
  return OnceRun(options, environment).Lint();
}

}  // namespace derp::probe
