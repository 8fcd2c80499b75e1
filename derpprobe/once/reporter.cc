#include "derpprobe/once/reporter.h"

#include <unistd.h>

#include "derpprobe/once/ascii.h"
#include "derpprobe/once/go_lines.h"
#include "derpprobe/once/output_file.h"
#include "derpprobe/once/text_report.h"
#include "derpprobe/report/nagios_report.h"
#include "derpprobe/report/prom_report.h"

namespace derp::probe {

namespace {

constexpr int kNoDescriptor = -1;  // a file is no terminal

std::string MachineName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

Reporter::Reporter(const Options& options, const std::map<std::string, std::string>& environment,
                   const Clock& clock, const Logger& logger)
    : options_(options),
      clock_(clock),
      logger_(logger),
      out_(cli::Terminal::Detect(options.output.empty() ? STDOUT_FILENO : kNoDescriptor,
                                 environment)),
      err_(cli::Terminal::Detect(STDERR_FILENO, environment)),
      start_(clock.Now()) {}

void Reporter::GoLine(std::string_view line) const {
  if (!ShowsProgress() && !line.empty()) logger_.Info("{}", line);
}

int Reporter::Fatal(int status, std::string_view why) const {
  logger_.Error("{}", why);
  if (options_.format != Format::kNagios) return status;
  const NagiosReport unknown = NagiosUnknown(why);
  return Write(unknown.text, unknown.status);
}

ReportFacts Reporter::FactsOf(const MapRefresh& maps, WallTime now, int exit) const {
  ReportFacts facts;
  facts.time = now;
  facts.took = clock_.Now() - start_;
  facts.exit = exit;
  facts.vantage = MachineName();
  if (maps.map) {
    const derpmap::DerpMap& regions = maps.map->merged.document.map;
    facts.map_regions = regions.regions.size();
    facts.map_nodes = regions.NodeCount();
  }
  for (const SourceState& source : maps.sources) {
    facts.sources.push_back({source.shown, source.fetched, source.failure});
  }
  return facts;
}

int Reporter::WriteText(const diagnosis::RunReport& report, const MapRefresh& maps,
                        const ReportFacts& facts, bool only_map) const {
  return Write(TextReport({.report = report,
                           .map_shown = maps.Shown(),
                           .map_regions = facts.map_regions,
                           .map_nodes = facts.map_nodes,
                           .time = facts.time,
                           .took = *facts.took,
                           .verbose = options_.verbose,
                           .only_map = only_map},
                          out_),
               report.exit_status);
}

int Reporter::ReportMap(diagnosis::RunReport report, const MapRefresh& maps) const {
  const bool warned = options_.fail_on == FailOn::kWarning && report.counts.warnings > 0;
  report.exit_status = report.counts.errors > 0 || warned ? 1 : 0;
  const ReportFacts facts = FactsOf(maps, clock_.WallNow(), report.exit_status);
  switch (options_.format) {
    case Format::kText:
      return WriteText(report, maps, facts, /*only_map=*/true);
    case Format::kJson:
      return Write(OnceJson(report, facts), report.exit_status);
    case Format::kJsonLine:
      return Write(OnceJsonLines(report, facts), report.exit_status);
    case Format::kProm:
    case Format::kNagios:
    case Format::kGo:
      break;
  }
  return Fatal(2, "-lint reports as text, json or json-line");
}

int Reporter::Report(diagnosis::RunReport report, const MapRefresh& maps, Duration map_latency,
                     const std::set<std::string>& told) const {
  report.exit_status = ExitStatus(report, options_.fail_on);
  const auto lines = ResultLines(report, map_latency, options_.fail_on, told);
  for (const std::string& line : lines) GoLine(line);
  const WallTime now = clock_.WallNow();
  const ReportFacts facts = FactsOf(maps, now, report.exit_status);
  switch (options_.format) {
    case Format::kText:
      return WriteText(report, maps, facts, /*only_map=*/false);
    case Format::kJson:
      return Write(OnceJson(report, facts), report.exit_status);
    case Format::kJsonLine:
      return Write(OnceJsonLines(report, facts), report.exit_status);
    case Format::kProm:
      return Write(PromText(report, facts), report.exit_status);
    case Format::kNagios: {
      const NagiosReport nagios = NagiosText(report, facts, options_.fail_on == FailOn::kWarning);
      return Write(out_.utf8 ? nagios.text : ToAscii(nagios.text), nagios.status);
    }
    case Format::kGo:
      break;
  }
  if (options_.output.empty()) return report.exit_status;  // the lines went to stderr
  std::string text;
  for (const std::string& line : lines) text += GoLogPrefix(now) + line + "\n";
  return Write(text, report.exit_status);
}

int Reporter::Write(std::string_view text, int status) const {
  const auto written = WriteOutput(options_.output, text);
  if (written) return status;
  logger_.Error("{}", written.error().context);
  return options_.format == Format::kNagios ? NagiosUnknown("").status : 1;
}

}  // namespace derp::probe
