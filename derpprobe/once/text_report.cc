#include "derpprobe/once/text_report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/cli/version.h"
#include "common/diagnosis/units.h"
#include "derpprobe/once/ascii.h"
#include "derpprobe/once/report_table.h"

namespace derp::probe {

namespace {

using cli::Colour;
using cli::Terminal;
using diagnosis::Count;
using diagnosis::Counts;
using diagnosis::Finding;
using diagnosis::RunReport;
using diagnosis::Severity;

constexpr std::size_t kMostAlike = 10;  // findings of one code that get a block each
constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 10;  // of fact and help

// Breaks at blanks so that no line exceeds the width; further lines are indented.
std::string Wrap(std::string_view text, std::size_t indent) {
  std::string wrapped;
  std::size_t column = indent;
  for (const std::string_view word : Split(text, ' ')) {
    const std::size_t width = cli::DisplayWidth(word);
    if (column > indent && column + 1 + width > kWidth) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      wrapped += " ";
      ++column;
    }
    wrapped += word;
    column += width;
  }
  return wrapped;
}

std::string Detail(std::string_view label, std::string_view text) {
  if (text.empty()) return {};
  return fmt::format("    {:<5} {}\n", label, Wrap(text, kIndent));
}

Colour ColourOf(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return Colour::kRed;
    case Severity::kWarning:
      return Colour::kYellow;
    case Severity::kInfo:
      return Colour::kCyan;
  }
  return Colour::kPlain;
}

std::string_view Label(Severity severity) {
  return severity == Severity::kInfo ? "note" : SeverityName(severity);
}

std::string Headline(const Finding& finding, const Terminal& terminal) {
  const std::string label = fmt::format("{}[{}]", Label(finding.severity), finding.code);
  std::string place = PlaceOf(finding);
  if (!place.empty()) place = " " + place + ":";
  return terminal.Paint(ColourOf(finding.severity), label) + place + " " + finding.headline + "\n";
}

std::string Fact(const Finding& finding) {
  if (finding.not_reached.empty()) return finding.fact;
  const std::string stages = Count(finding.not_reached.size(), "stage", "stages");
  return fmt::format("{}; {} not reached", finding.fact, stages);
}

std::string Peers(const Finding& finding) {
  std::vector<std::string> names;
  for (const std::string& peer : finding.peers) names.push_back(PrintablePeerText(peer));
  return Join(names, ", ");
}

std::string Block(const Finding& finding, const RunReport& report, const Terminal& terminal) {
  std::string text = "\n" + Headline(finding, terminal);
  text += Detail("at", finding.where);
  if (finding.stage == diagnosis::Stage::kMap) text += Detail("with", Peers(finding));
  text += Detail("fact", Fact(finding));
  text += Detail("help", finding.advice);
  if (finding.stage == diagnosis::Stage::kMesh) {
    for (const diagnosis::MeshReport& mesh : report.meshes) {
      if (mesh.region_id != finding.region_id) continue;
      text += MeshMatrix(mesh, std::string(kIndent, ' '), terminal);
    }
  }
  return text;
}

// Many of one kind: a count and the first names.
std::string GroupBlock(const std::vector<const Finding*>& alike, const Terminal& terminal) {
  const Finding& first = *alike.front();
  std::vector<std::string> places;
  for (const Finding* finding : alike) {
    if (places.size() < kMostAlike) places.push_back(PlaceOf(*finding));
  }
  const std::string label = fmt::format("{}[{}]", Label(first.severity), first.code);
  std::string text =
      fmt::format("\n{} {} places: {}\n", terminal.Paint(ColourOf(first.severity), label),
                  alike.size(), first.headline);
  text += Detail("at", Join(places, ", ") + " ...");
  text += Detail("fact", fmt::format("the first: {}", Fact(first)));
  text += Detail("help", first.advice);
  return text;
}

std::string Blocks(const RunReport& report, bool verbose, const Terminal& terminal) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const Finding*>> by_code;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kInfo && !verbose) continue;
    auto& alike = by_code[finding.code];
    if (alike.empty()) order.push_back(finding.code);
    alike.push_back(&finding);
  }
  std::string text;
  for (const std::string& code : order) {
    const auto& alike = by_code[code];
    if (alike.size() > kMostAlike && !verbose) {
      text += GroupBlock(alike, terminal);
      continue;
    }
    for (const Finding* finding : alike) text += Block(*finding, report, terminal);
  }
  return text;
}

// Infos are one line unless -v gives them in full.
std::string NotesLine(const RunReport& report) {
  std::map<std::string, std::size_t> counts;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kInfo) ++counts[finding.code];
  }
  if (counts.empty()) return {};
  std::vector<std::string> items;
  for (const auto& [code, count] : counts) {
    items.push_back(count == 1 ? code : fmt::format("{} ({})", code, count));
  }
  return "\n" + Wrap("notes (-v shows them): " + Join(items, ", "), 0) + "\n";
}

std::string FindingCounts(const Counts& counts) {
  std::vector<std::string> items;
  if (counts.errors > 0) {
    items.push_back(Count(static_cast<std::size_t>(counts.errors), "error", "errors"));
  }
  if (counts.warnings > 0) {
    items.push_back(Count(static_cast<std::size_t>(counts.warnings), "warning", "warnings"));
  }
  return items.empty() ? "no findings" : Join(items, ", ");
}

std::string Verdicts(const Counts& counts) {
  std::vector<std::string> items;
  const auto add = [&items](int count, std::string_view word) {
    if (count > 0) items.push_back(fmt::format("{} {}", count, word));
  };
  add(counts.unusable, "unusable");
  add(counts.unknown, "unknown");
  add(counts.impaired, "impaired");
  add(counts.usable, "usable");
  if (items.empty()) return "no node to judge";
  return fmt::format("{} of {}", Join(items, ", "),
                     Count(static_cast<std::size_t>(counts.nodes()), "node", "nodes"));
}

std::string VerdictLine(const RunReport& report, Duration took, const Terminal& terminal) {
  const Counts& counts = report.counts;
  const bool ok = report.exit_status == 0;
  std::string middle;
  if (ok && counts.usable == counts.nodes()) {
    middle = fmt::format("{} of {} usable", counts.usable,
                         Count(static_cast<std::size_t>(counts.nodes()), "node", "nodes"));
    if (counts.mesh_directions > 0) {
      middle +=
          fmt::format(", {} of {} mesh directions", counts.mesh_working, counts.mesh_directions);
    }
    middle += ", " + FindingCounts(counts);
  } else {
    middle = fmt::format("{}; {}", Verdicts(counts), FindingCounts(counts));
  }
  const double seconds = std::chrono::duration<double>(took).count();
  const std::string word = terminal.Paint(ok ? Colour::kGreen : Colour::kRed, ok ? "OK" : "FAIL");
  return fmt::format("\n{}  {}  ({:.1f} s, exit {})\n", word, middle, seconds, report.exit_status);
}

std::string MoreLine(const RunReport& report) {
  if (report.findings.empty() || report.findings.front().severity == Severity::kInfo) return {};
  return fmt::format("      More: derpprobe -explain {}\n", report.findings.front().code);
}

}  // namespace

std::string TextReport(const TextReportInput& input, const Terminal& terminal) {
  const RunReport& report = input.report;
  std::string text =
      fmt::format("derpprobe {}  map {} ({}, {})  {}\n", cli::Version(),
                  PrintablePeerText(input.map_shown), Count(input.map_regions, "region", "regions"),
                  Count(input.map_nodes, "node", "nodes"), FormatRfc3339(input.time));
  const std::string table = NodeTable(report, input.verbose, terminal);
  if (!table.empty()) text += "\n" + table;
  if (input.verbose) text += StageDetails(report, terminal);
  text += Blocks(report, input.verbose, terminal);
  if (!input.verbose) text += NotesLine(report);
  text += VerdictLine(report, input.took, terminal);
  text += MoreLine(report);
  return terminal.utf8 ? text : ToAscii(text);
}

}  // namespace derp::probe
