#include "derpprobe/report/prom_report.h"

#include <algorithm>

#include "common/metrics/prometheus_text.h"
#include "derpprobe/report/run_metrics.h"

namespace derp::probe {

std::string PromText(const diagnosis::RunReport& report, const ReportFacts& facts) {
  std::vector<metrics::Family> families;
  AddRunMetrics(report, families);
  const auto gauge = [&families](std::string name, std::string help, double value) {
    families.push_back(
        {std::move(name), metrics::Kind::kGauge, std::move(help), {{{}, value, {}}}});
  };
  gauge("derpprobe_last_run_timestamp_seconds", "Unix time at which the last -once run ended.",
        static_cast<double>(UnixSeconds(facts.time)));
  if (facts.took) {
    gauge("derpprobe_last_run_duration_seconds", "Time the last -once run took.",
          std::chrono::duration<double>(*facts.took).count());
  }
  if (facts.exit) {
    gauge("derpprobe_last_run_exit_status", "Exit status of the last -once run.", *facts.exit);
  }
  std::sort(families.begin(), families.end(),
            [](const metrics::Family& a, const metrics::Family& b) { return a.name < b.name; });
  return metrics::WritePrometheusText(families);
}

}  // namespace derp::probe
