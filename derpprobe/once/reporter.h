// What -once says and where: the reference's lines on stderr, the report in the format that was
// asked for on standard output or in a file, and the exit status that agrees with both.
#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/log.h"
#include "common/cli/terminal.h"
#include "common/diagnosis/report.h"
#include "derpprobe/maps/map_sources.h"
#include "derpprobe/options/options.h"
#include "derpprobe/report/json_report.h"

namespace derp::probe {

class Reporter {
 public:
  // All arguments outlive the reporter. The run starts now.
  Reporter(const Options& options, const std::map<std::string, std::string>& environment,
           const Clock& clock, const Logger& logger);

  // Writes one of the reference's lines when they are wanted: standard error is no terminal, or
  // -format go. Any thread.
  void GoLine(std::string_view line) const;

  // Whether standard error is a terminal that nothing but progress is written to.
  bool ShowsProgress() const { return err_.is_tty && options_.format != Format::kGo; }
  const cli::Terminal& err() const { return err_; }

  // The run ends before there is anything to judge. Returns the exit status: `status`, or Nagios'
  // unknown.
  int Fatal(int status, std::string_view why) const;

  // The judged round. `told`: views whose failure has a line already.
  int Report(diagnosis::RunReport report, const MapRefresh& maps, Duration map_latency,
             const std::set<std::string>& told) const;

  // -lint: nothing but findings about the map, as text, json or json-line; none of the reference's
  // lines.
  int ReportMap(diagnosis::RunReport report, const MapRefresh& maps) const;

 private:
  int Write(std::string_view text, int status) const;
  ReportFacts FactsOf(const MapRefresh& maps, WallTime now, int exit) const;
  int WriteText(const diagnosis::RunReport& report, const MapRefresh& maps,
                const ReportFacts& facts, bool only_map) const;

  const Options& options_;
  const Clock& clock_;
  const Logger& logger_;
  const cli::Terminal out_;
  const cli::Terminal err_;
  const TimePoint start_;
};

}  // namespace derp::probe
