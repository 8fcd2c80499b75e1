#include "derpprobe/report/nagios_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/units.h"

namespace derp::probe {
namespace {

using diagnosis::Counts;
using diagnosis::Finding;
using diagnosis::NodeReport;
using diagnosis::RunReport;
using diagnosis::Severity;
using diagnosis::Stage;

constexpr std::size_t kFirstLine = 79;    // bytes
constexpr std::size_t kMostDetails = 20;  // findings that get a line
constexpr std::size_t kMostNodes = 50;  // with performance data of their own: readers stop at 8 KB
constexpr int kOk = 0;
constexpr int kWarning = 1;
constexpr int kCritical = 2;
constexpr int kUnknown = 3;

// One line that holds neither the separator nor a line end.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      plain += ' ';
    } else {
      plain += c == '|' ? '/' : c;
    }
  }
  return plain;
}

std::string PlaceOf(const Finding& finding) {
  if (finding.region.empty()) return {};
  const std::string region = PrintablePeerText(finding.region);
  return finding.node.empty() ? region : region + "/" + PrintablePeerText(finding.node);
}

int StatusOf(const RunReport& report, bool warnings_are_errors) {
  bool relays = false;
  bool prober = report.counts.unknown > 0;
  for (const Finding& finding : report.findings) {
    const bool counts = finding.severity == Severity::kError ||
                        (warnings_are_errors && finding.severity == Severity::kWarning);
    if (!counts) continue;
    (finding.stage == Stage::kProber ? prober : relays) = true;
  }
  if (relays || report.counts.unusable > 0 || report.nodes.empty()) return kCritical;
  if (prober) return kUnknown;
  return report.counts.warnings > 0 ? kWarning : kOk;
}

std::string_view WordOf(int status) {
  switch (status) {
    case kOk:
      return "OK";
    case kWarning:
      return "WARNING";
    case kCritical:
      return "CRITICAL";
    default:
      return "UNKNOWN";
  }
}

std::string NodesInWords(const Counts& counts) {
  const auto nodes = static_cast<std::size_t>(counts.nodes());
  if (nodes == 0) return "no node to judge";
  std::string words =
      fmt::format("{} of {} usable", counts.usable, diagnosis::Count(nodes, "node", "nodes"));
  const auto add = [&words](int count, std::string_view word) {
    if (count > 0) words += fmt::format(", {} {}", count, word);
  };
  add(counts.unusable, "unusable");
  add(counts.unknown, "unknown");
  add(counts.impaired, "impaired");
  return words;
}

// The gravest findings by name as far as they fit.
std::string FirstLine(const RunReport& report, int status) {
  std::string line = fmt::format("DERP {} - {}", WordOf(status), NodesInWords(report.counts));
  if (report.findings.empty() || report.findings.front().severity == Severity::kInfo) return line;
  const Finding& worst = report.findings.front();
  const std::size_t others =
      static_cast<std::size_t>(report.counts.errors + report.counts.warnings) - 1;
  const std::string more = others > 0 ? fmt::format(" (+{})", others) : "";
  const std::string place = PlaceOf(worst);
  const std::string with_place = fmt::format("{}: {} {}{}", line, worst.code, place, more);
  if (!place.empty() && with_place.size() <= kFirstLine) return with_place;
  const std::string with_code = fmt::format("{}: {}{}", line, worst.code, more);
  return with_code.size() <= kFirstLine ? with_code : line;
}

std::string Details(const RunReport& report) {
  std::string text;
  std::size_t lines = 0;
  std::size_t left_out = 0;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kInfo) continue;
    if (lines == kMostDetails) {
      ++left_out;
      continue;
    }
    ++lines;
    const std::string place = PlaceOf(finding);
    text += fmt::format("{}[{}]{}{}: {}", SeverityName(finding.severity), finding.code,
                        place.empty() ? "" : " ", place, finding.headline);
    if (!finding.fact.empty()) text += "; " + finding.fact;
    text += "\n";
  }
  if (left_out > 0) text += fmt::format("{} more findings\n", left_out);
  return text;
}

std::string Label(std::string_view text) {
  std::string label = "'";
  for (const char c : PrintablePeerText(text)) label += c == '\'' || c == '=' || c == '|' ? '_' : c;
  return label + "'";
}

std::string Perfdata(const RunReport& report, const ReportFacts& facts) {
  const Counts& counts = report.counts;
  std::vector<std::string> items;
  const auto count = [&](std::string_view name, int value) {
    items.push_back(fmt::format("{}={};;;0;{}", name, value, counts.nodes()));
  };
  count("usable", counts.usable);
  count("impaired", counts.impaired);
  count("unusable", counts.unusable);
  count("unknown", counts.unknown);
  items.push_back(fmt::format("errors={};;;0", counts.errors));
  items.push_back(fmt::format("warnings={};;;0", counts.warnings));
  if (facts.took) {
    items.push_back(
        fmt::format("time={:.3f}s;;;0", std::chrono::duration<double>(*facts.took).count()));
  }
  std::size_t nodes = 0;
  for (const NodeReport& node : report.nodes) {
    if (++nodes > kMostNodes) break;
    const auto add = [&](std::string_view name, const std::optional<Duration>& value) {
      if (!value) return;  // what was not measured is not there
      const double seconds = std::chrono::duration<double>(*value).count();
      items.push_back(fmt::format(
          "{}={:.6f}s;;;0", Label(fmt::format("{}/{} {}", node.region, node.node, name)), seconds));
    };
    add("relay", node.relay_rtt);
    add("stun", node.StunRtt());
    if (!node.cert_days_left) continue;
    items.push_back(fmt::format("{}={}",
                                Label(fmt::format("{}/{} cert_days", node.region, node.node)),
                                *node.cert_days_left));
  }
  return Join(items, " ");
}

std::string Totals(const RunReport& report) {
  const Counts& counts = report.counts;
  const auto count = [](int number, std::string_view one, std::string_view more) {
    return diagnosis::Count(static_cast<std::size_t>(number), one, more);
  };
  return fmt::format("{}, {}, {} of {}", count(counts.errors, "error", "errors"),
                     count(counts.warnings, "warning", "warnings"), counts.mesh_working,
                     count(counts.mesh_directions, "mesh direction", "mesh directions"));
}

}  // namespace

NagiosReport NagiosText(const RunReport& report, const ReportFacts& facts,
                        bool warnings_are_errors) {
  const int status = StatusOf(report, warnings_are_errors);
  std::string text = Plain(FirstLine(report, status)) + "\n";
  const std::string details = Details(report);
  for (const std::string_view line : Split(details, '\n')) {
    if (!line.empty()) text += Plain(line) + "\n";
  }
  return {status, text + fmt::format("{} | {}\n", Totals(report), Perfdata(report, facts))};
}

NagiosReport NagiosUnknown(std::string_view why) {
  const std::string line = Plain("DERP UNKNOWN - " + std::string(why));
  if (line.size() <= kFirstLine) return {kUnknown, line + "\n"};
  return {kUnknown, "DERP UNKNOWN - derpprobe could not run\n" + Plain(why) + "\n"};
}

}  // namespace derp::probe
