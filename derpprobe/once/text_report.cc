#include "derpprobe/once/text_report.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/cli/version.h"
#include "common/diagnosis/units.h"
#include "derpprobe/once/ascii.h"
#include "derpprobe/once/layout.h"
#include "derpprobe/once/pair_tables.h"
#include "derpprobe/once/report_table.h"
#include "derpprobe/once/stage_details.h"

namespace derp::probe {

namespace {

using cli::Colour;
using cli::Terminal;
using diagnosis::Count;
using diagnosis::Counts;
using diagnosis::Finding;
using diagnosis::RunReport;
using diagnosis::Severity;

constexpr std::size_t kMostAlike = 10;     // findings of one code that get a block each
constexpr std::size_t kIndent = 10;        // of fact and help
constexpr std::size_t kHangingIndent = 4;  // of a headline's further lines
constexpr std::size_t kVerdictIndent = 6;

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

// "error[cert.expired] fra/5b: certificate expired 2 days ago"; the label is in colour.
std::string Headline(const Finding& finding, const std::string& place, std::string_view words,
                     const Terminal& terminal) {
  const std::string label = fmt::format("{}[{}]", Label(finding.severity), finding.code);
  const std::string lines = WrapHanging(
      fmt::format("{}{}{}: {}", label, place.empty() ? "" : " ", place, words), kHangingIndent);
  return "\n" + terminal.Paint(ColourOf(finding.severity), label) + lines.substr(label.size()) +
         "\n";
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

std::string Block(const Finding& finding, const Terminal& terminal) {
  std::string text = Headline(finding, PlaceOf(finding), finding.headline, terminal);
  // What STUN measured names its address.
  const bool in_fact =
      finding.stage == diagnosis::Stage::kStun && finding.fact.find(" from ") != std::string::npos;
  if (!in_fact) text += Detail("at", finding.where);
  if (finding.stage == diagnosis::Stage::kMap) text += Detail("with", Peers(finding));
  text += Detail("fact", Fact(finding));
  return text + Detail("help", finding.advice);
}

// Many of one kind: a count and the first names.
std::string GroupBlock(const std::vector<const Finding*>& alike, const Terminal& terminal) {
  const Finding& first = *alike.front();
  std::vector<std::string> places;
  for (const Finding* finding : alike) {
    if (places.size() < kMostAlike) places.push_back(PlaceOf(*finding));
  }
  std::string text =
      Headline(first, fmt::format("{} places", alike.size()), first.headline, terminal);
  text += Detail("at", Join(places, ", ") + " ...");
  text += Detail("fact", fmt::format("the first: {}", Fact(first)));
  text += Detail("help", first.advice);
  return text;
}

using Alike = std::vector<const Finding*>;

// The findings that get blocks, by code, in the order of the first of each.
std::vector<Alike> GroupByCode(const RunReport& report, bool verbose) {
  std::vector<Alike> groups;
  std::map<std::string, std::size_t> known;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kInfo && !verbose) continue;
    const auto [entry, fresh] = known.emplace(finding.code, groups.size());
    if (fresh) groups.emplace_back();
    groups[entry->second].push_back(&finding);
  }
  return groups;
}

std::string Blocks(const RunReport& report, bool verbose, const Terminal& terminal) {
  std::string text;
  std::set<std::int64_t> drawn;  // regions whose mesh was shown
  for (const Alike& alike : GroupByCode(report, verbose)) {
    if (alike.size() > kMostAlike && !verbose) {
      text += GroupBlock(alike, terminal);
      continue;
    }
    for (const Finding* finding : alike) {
      text += Block(*finding, terminal);
      if (finding->stage != diagnosis::Stage::kMesh) continue;
      if (!drawn.insert(finding->region_id).second) continue;
      text += MeshMatrix(report, finding->region_id, std::string(kIndent, ' '), terminal);
    }
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
  return "\n" + WrapHanging("notes (-v shows them): " + Join(items, ", "), kHangingIndent) + "\n";
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

// findings.md 3: behind a closed admission only a known key can tell more.
std::string NotTested(const RunReport& report) {
  const auto closed =
      std::count_if(report.findings.begin(), report.findings.end(),
                    [](const Finding& finding) { return finding.code == "admission.closed"; });
  return closed == 0 ? "" : fmt::format("; relay not tested on {}", closed);
}

std::string VerdictLine(const TextReportInput& input, const Terminal& terminal) {
  const RunReport& report = input.report;
  const Counts& counts = report.counts;
  const bool ok = report.exit_status == 0;
  std::string middle;
  if (input.only_map) {
    middle = FindingCounts(counts);
  } else if (ok && counts.usable == counts.nodes()) {
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
  const double seconds = std::chrono::duration<double>(input.took).count();
  const std::string_view word = ok ? "OK" : "FAIL";
  const std::string line = fmt::format("{}  {}{}  ({:.1f} s, exit {})", word, middle,
                                       NotTested(report), seconds, report.exit_status);
  return "\n" + terminal.Paint(ok ? Colour::kGreen : Colour::kRed, word) +
         WrapHanging(line, kVerdictIndent).substr(word.size()) + "\n";
}

std::string MoreLine(const RunReport& report) {
  if (report.findings.empty() || report.findings.front().severity == Severity::kInfo) return {};
  return fmt::format("      More: derpprobe -explain {}\n", report.findings.front().code);
}

// "derpprobe 1.0  map headscale.example.net (2 regions, 4 nodes)  2026-11-21T11:10:23Z"
std::string TitleLine(const TextReportInput& input) {
  const std::string before = fmt::format("derpprobe {}  map ", cli::Version());
  const std::string behind =
      fmt::format(" ({}, {})  {}", Count(input.map_regions, "region", "regions"),
                  Count(input.map_nodes, "node", "nodes"), FormatRfc3339(input.time));
  const std::size_t left = kReportWidth - before.size() - behind.size();
  return before + Cut(PrintablePeerText(input.map_shown), left) + behind + "\n";
}

// Before lines are set: an arrow takes more columns as ASCII.
RunReport WithAsciiFindings(RunReport report) {
  for (Finding& finding : report.findings) {
    for (std::string* text :
         {&finding.headline, &finding.where, &finding.fact, &finding.advice, &finding.node}) {
      *text = ToAscii(*text);
    }
  }
  return report;
}

std::string Render(const RunReport& report, const TextReportInput& input,
                   const Terminal& terminal) {
  std::string text = TitleLine(input);
  const std::string table = NodeTable(report, input.verbose, terminal);
  if (!table.empty()) text += "\n" + table;
  text += PairLines(report, input.verbose, terminal);
  if (input.verbose) text += StageDetails(report, terminal);
  text += Blocks(report, input.verbose, terminal);
  if (!input.verbose) text += NotesLine(report);
  return text + VerdictLine(input, terminal) + MoreLine(report);
}

}  // namespace

std::string TextReport(const TextReportInput& input, const Terminal& terminal) {
  if (terminal.utf8) return Render(input.report, input, terminal);
  return ToAscii(Render(WithAsciiFindings(input.report), input, terminal));
}

}  // namespace derp::probe
