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

ReportFacts FactsOf(const Options& options, const LoadedMap& map, WallTime now, Duration took,
                    int exit) {
  ReportFacts facts;
  facts.time = now;
  facts.took = took;
  facts.exit = exit;
  facts.vantage = MachineName();
  const derpmap::DerpMap& regions = map.merged.document.map;
  facts.map_regions = regions.regions.size();
  facts.map_nodes = regions.NodeCount();
  for (const std::string& source : options.derp_map) {
    ReportedSource reported{ShownSources({source}), std::nullopt, ""};
    if (!regions.regions.empty()) reported.fetched = now - took;
    facts.sources.push_back(std::move(reported));
  }
  return facts;
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

int Reporter::Report(diagnosis::RunReport report, const LoadedMap& map, Duration map_latency,
                     const std::set<std::string>& told) const {
  report.exit_status = ExitStatus(report, options_.fail_on);
  const auto lines = ResultLines(report, map_latency, options_.fail_on, told);
  for (const std::string& line : lines) GoLine(line);
  const WallTime now = clock_.WallNow();
  const ReportFacts facts = FactsOf(options_, map, now, clock_.Now() - start_, report.exit_status);
  switch (options_.format) {
    case Format::kText:
      return Write(TextReport({.report = report,
                               .map_shown = map.shown,
                               .map_regions = facts.map_regions,
                               .map_nodes = facts.map_nodes,
                               .time = now,
                               .took = *facts.took,
                               .verbose = options_.verbose},
                              out_),
                   report.exit_status);
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
