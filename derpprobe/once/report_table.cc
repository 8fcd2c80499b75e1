#include "derpprobe/once/report_table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/units.h"
#include "derpprobe/once/layout.h"
#include "derpprobe/once/marks.h"

namespace derp::probe {

namespace {

using cli::Mark;
using cli::Terminal;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::RunReport;
using diagnosis::Stage;
using diagnosis::Verdict;

struct Column {
  Stage stage;
  std::string_view title;
  bool on_request = false;  // shown when any node has a result that was asked for
};

constexpr std::array kColumns = {Column{Stage::kDns, "dns"},
                                 Column{Stage::kTcp, "tcp"},
                                 Column{Stage::kTls, "tls"},
                                 Column{Stage::kCert, "cert"},
                                 Column{Stage::kHttp, "http"},
                                 Column{Stage::kDerp, "derp"},
                                 Column{Stage::kRelay, "relay"},
                                 Column{Stage::kMesh, "mesh"},
                                 Column{Stage::kStun, "stun"},
                                 Column{Stage::kPort80, "p80"},
                                 Column{Stage::kLatency, "lat"},
                                 Column{Stage::kWs, "ws"},
                                 Column{Stage::kAdmission, "adm", true},
                                 Column{Stage::kBandwidth, "bw", true},
                                 Column{Stage::kQueue, "qd", true}};

constexpr std::size_t kMostRows = 12;
constexpr std::size_t kEnoughName = 14;  // for this much the days of the certificate give way
constexpr std::size_t kRelayWidth = 9;
constexpr std::size_t kStunWidth = 8;
constexpr std::size_t kDaysWidth = 6;
constexpr std::size_t kLegendColumn = 35;
constexpr std::string_view kNotMeasured = "–";

// Which columns there are and how wide the names may be, so that a row keeps to the width.
struct Layout {
  std::vector<Column> columns;
  std::size_t name_width = 4;
  bool days = true;

  // Of everything but the name.
  std::size_t Fixed() const {
    std::size_t width = 3 + 1 + kRelayWidth + kStunWidth + (days ? kDaysWidth : 0);
    for (const Column& column : columns) width += column.title.size() + 1;
    return width;
  }
};

bool WasAskedFor(const RunReport& report, Stage stage) {
  return std::any_of(report.nodes.begin(), report.nodes.end(), [stage](const NodeReport& node) {
    const auto outcome = node.Worst(stage);
    return outcome && *outcome != Outcome::kSkipped;
  });
}

std::string FullName(const NodeReport& node) {
  return PrintablePeerText(node.region) + "/" + PrintablePeerText(node.node);
}

Layout LayoutFor(const RunReport& report, const std::vector<const NodeReport*>& rows) {
  Layout layout;
  for (const Column& column : kColumns) {
    if (!column.on_request || WasAskedFor(report, column.stage)) layout.columns.push_back(column);
  }
  for (const NodeReport* node : rows) {
    layout.name_width = std::max(layout.name_width, cli::DisplayWidth(FullName(*node)));
  }
  if (layout.Fixed() + std::min(layout.name_width, kEnoughName) > kReportWidth) layout.days = false;
  layout.name_width = std::min(layout.name_width, kReportWidth - layout.Fixed());
  return layout;
}

// Two columns are between two values, whatever they are.
std::string Short(const std::optional<Duration>& value) {
  if (!value) return std::string(kNotMeasured);
  const double ms = std::chrono::duration<double, std::milli>(*value).count();
  if (ms >= 100 && ms < 1000) return fmt::format("{:.0f} ms", ms);
  return diagnosis::Milliseconds(*value);
}

std::string Days(const NodeReport& node) {
  return node.cert_days_left ? fmt::format("{} d", *node.cert_days_left)
                             : std::string(kNotMeasured);
}

std::string Header(const Layout& layout) {
  std::string line = "   " + Pad("NODE", layout.name_width) + " ";
  for (const Column& column : layout.columns) line += fmt::format(" {}", column.title);
  line += PadLeft("RELAY", kRelayWidth) + PadLeft("STUN", kStunWidth);
  return layout.days ? line + PadLeft("CERT", kDaysWidth) : line;
}

std::string Row(const NodeReport& node, const Layout& layout, const Terminal& terminal) {
  std::string line = terminal.PaintMark(MarkOf(node.verdict)) + "  ";
  line +=
      Pad(CutPlace(PrintablePeerText(node.region), PrintablePeerText(node.node), layout.name_width),
          layout.name_width) +
      " ";
  for (const Column& column : layout.columns) {
    const auto outcome = node.Worst(column.stage);
    const std::size_t before = column.title.size() > 2 ? 1 : 0;
    line.append(before + 1, ' ');
    line += terminal.PaintMark(outcome ? MarkOf(*outcome) : Mark::kUnknown);
    line.append(column.title.size() - before - 1, ' ');
  }
  line += PadLeft(Short(node.relay_rtt), kRelayWidth) + PadLeft(Short(node.StunRtt()), kStunWidth);
  return layout.days ? line + PadLeft(Days(node), kDaysWidth) : line;
}

std::string Legend(const Terminal& terminal) {
  const auto item = [&terminal](Mark mark, std::string_view word) {
    return fmt::format("{} {}", terminal.MarkText(mark), word);
  };
  return fmt::format("{}  {}  {}  {}  {}", item(Mark::kOk, "ok"), item(Mark::kWarn, "warn"),
                     item(Mark::kFail, "fail"), item(Mark::kSkipped, "skipped"),
                     item(Mark::kNotReached, "not reached"));
}

// "1 more usable: fra/5c", without its mark.
std::string UsableWords(const std::vector<const NodeReport*>& usable, std::size_t rows) {
  std::vector<std::string> names;
  for (const NodeReport* node : usable) {
    if (names.size() < 3) {
      names.push_back(CutPlace(PrintablePeerText(node->region), PrintablePeerText(node->node), 24));
    }
  }
  if (usable.size() > names.size()) names.emplace_back("...");
  return fmt::format("{} {}usable: {}", usable.size(), rows > 0 ? "more " : "", Join(names, ", "));
}

// The usable nodes that have no row, and what the marks mean; on one line when both fit.
std::string Footer(const std::vector<const NodeReport*>& usable, std::size_t rows, bool with_legend,
                   const Terminal& terminal) {
  const std::string legend = with_legend ? Legend(terminal) : "";
  if (usable.empty()) return with_legend ? "   " + legend + "\n" : "";
  const std::string words = UsableWords(usable, rows);
  std::string line = terminal.PaintMark(Mark::kOk) + "  " + words;
  if (!with_legend) return line + "\n";
  const std::size_t width = 3 + cli::DisplayWidth(words);
  const std::size_t column = std::max(kLegendColumn, width + 3);
  if (column + cli::DisplayWidth(legend) > kReportWidth) return line + "\n   " + legend + "\n";
  return line + std::string(column - width, ' ') + legend + "\n";
}

}  // namespace

std::string PlaceOf(const diagnosis::Finding& finding) {
  if (finding.region.empty()) return {};
  const std::string region = PrintablePeerText(finding.region);
  // Mesh headlines name the nodes themselves.
  const bool region_only = finding.node.empty() || finding.stage == Stage::kMesh;
  return region_only ? region : region + "/" + PrintablePeerText(finding.node);
}

std::string NodeTable(const RunReport& report, bool verbose, const Terminal& terminal) {
  std::vector<const NodeReport*> nodes;  // worst first, else in the map's order
  for (const Verdict verdict :
       {Verdict::kUnusable, Verdict::kUnknown, Verdict::kImpaired, Verdict::kUsable}) {
    for (const NodeReport& node : report.nodes) {
      if (node.verdict == verdict) nodes.push_back(&node);
    }
  }
  std::vector<const NodeReport*> usable;
  for (const NodeReport* node : nodes) {
    if (node->verdict == Verdict::kUsable) usable.push_back(node);
  }
  const bool collapse = !verbose && (usable.size() < nodes.size() || nodes.size() > kMostRows);
  if (collapse) {
    std::erase_if(nodes, [](const NodeReport* node) { return node->verdict == Verdict::kUsable; });
  } else {
    usable.clear();
  }
  std::string text;
  const Layout layout = LayoutFor(report, nodes);
  if (!nodes.empty()) text += Header(layout) + "\n";
  for (const NodeReport* node : nodes) text += Row(*node, layout, terminal) + "\n";
  const bool all_usable = report.counts.usable == report.counts.nodes();
  return text + Footer(usable, nodes.size(), !all_usable, terminal);
}

}  // namespace derp::probe
