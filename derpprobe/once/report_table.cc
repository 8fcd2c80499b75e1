#include "derpprobe/once/report_table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/units.h"

namespace derp::probe {

namespace {

using cli::Mark;
using cli::Terminal;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::RunReport;
using diagnosis::Stage;
using diagnosis::StageResult;
using diagnosis::Verdict;

constexpr std::array kColumns = {Stage::kDns,   Stage::kTcp,  Stage::kTls,
                                 Stage::kCert,  Stage::kHttp, Stage::kDerp,
                                 Stage::kRelay, Stage::kMesh, Stage::kStun};
constexpr std::size_t kMostRows = 12;
constexpr std::size_t kMostNameWidth = 25;  // keeps the row within 100 columns
constexpr std::size_t kMostMatrix = 8;
constexpr std::string_view kNotMeasured = "–";

std::string Pad(std::string text, std::size_t width) {
  const std::size_t have = cli::DisplayWidth(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string PadLeft(std::string text, std::size_t width) {
  const std::size_t have = cli::DisplayWidth(text);
  return have < width ? std::string(width - have, ' ') + text : text;
}

std::string NameOf(const NodeReport& node) {
  std::string name =
      fmt::format("{}/{}", PrintablePeerText(node.region), PrintablePeerText(node.node));
  if (name.size() > kMostNameWidth) name = name.substr(0, kMostNameWidth - 1) + "~";
  return name;
}

std::string Optional(const std::optional<Duration>& value) {
  return value ? diagnosis::Milliseconds(*value) : std::string(kNotMeasured);
}

std::string Days(const NodeReport& node) {
  return node.cert_days_left ? fmt::format("{} d", *node.cert_days_left)
                             : std::string(kNotMeasured);
}

std::string Header(std::size_t name_width) {
  std::string line = "   " + Pad("NODE", name_width) + "   ";
  for (const Stage stage : kColumns) line += fmt::format(" {}", StageName(stage));
  return line + fmt::format("  {:>9} {:>7} {:>6}", "RELAY", "STUN", "CERT");
}

std::string Row(const NodeReport& node, std::size_t name_width, const Terminal& terminal) {
  std::string line = terminal.PaintMark(MarkOf(node.verdict)) + "  ";
  line += Pad(NameOf(node), name_width) + "   ";
  for (const Stage stage : kColumns) {
    const auto outcome = node.Worst(stage);
    const std::size_t after = StageName(stage).size() - 2;
    line += "  " + terminal.PaintMark(outcome ? MarkOf(*outcome) : Mark::kUnknown);
    line.append(after, ' ');
  }
  return line + "  " + PadLeft(Optional(node.relay_rtt), 9) + " " +
         PadLeft(Optional(node.StunRtt()), 7) + " " + PadLeft(Days(node), 6);
}

std::string Legend(const Terminal& terminal) {
  const auto item = [&terminal](Mark mark, std::string_view word) {
    return fmt::format("{} {}", terminal.MarkText(mark), word);
  };
  return fmt::format("{}  {}  {}  {}  {}", item(Mark::kOk, "ok"), item(Mark::kWarn, "warn"),
                     item(Mark::kFail, "fail"), item(Mark::kSkipped, "skipped"),
                     item(Mark::kNotReached, "not reached"));
}

// "1 more usable: fra/5c"
std::string UsableLine(const std::vector<const NodeReport*>& usable, std::size_t rows,
                       const Terminal& terminal) {
  std::vector<std::string> names;
  for (const NodeReport* node : usable) {
    if (names.size() < 3) names.push_back(NameOf(*node));
  }
  if (usable.size() > names.size()) names.emplace_back("...");
  return fmt::format("{}  {} {}usable: {}\n", terminal.PaintMark(Mark::kOk), usable.size(),
                     rows > 0 ? "more " : "", Join(names, ", "));
}

std::string StageWords(const StageResult& result, const NodeReport& node) {
  std::string words;
  if (result.family) {
    words = FamilyName(*result.family);
    const diagnosis::FamilyTarget* target = node.Target(*result.family);
    const bool stun = result.stage == Stage::kStun;
    if (target != nullptr && (stun ? target->stun : target->derp)) {
      if (result.stage == Stage::kTcp || stun) {
        words += " " + (stun ? target->stun : target->derp)->ToString();
      }
    }
  }
  const auto add = [&words](std::string_view more) {
    if (more.empty()) return;
    if (!words.empty()) words += "  ";
    words += more;
  };
  add(result.code);
  add(result.reason);
  if (result.after) add(fmt::format("after {}", StageName(*result.after)));
  return words;
}

// A family that is not looked at needs one line, not one per stage.
bool SkippedAsWhole(const NodeReport& node, const StageResult& result) {
  if (!result.family) return false;
  return std::all_of(node.stages.begin(), node.stages.end(), [&result](const StageResult& other) {
    return other.family != result.family ||
           (other.outcome == Outcome::kSkipped && other.reason == result.reason);
  });
}

std::string StageLine(const StageResult& result, const NodeReport& node, const Terminal& terminal) {
  const bool ran = result.outcome != Outcome::kSkipped && result.outcome != Outcome::kNotReached;
  const std::string time =
      ran ? diagnosis::Milliseconds(result.duration) : std::string(kNotMeasured);
  const bool whole = SkippedAsWhole(node, result);
  const std::string stage(whole ? std::string_view("all") : StageName(result.stage));
  std::string line = fmt::format("    {} {} {}", Pad(stage, 6),
                                 terminal.PaintMark(MarkOf(result.outcome)), PadLeft(time, 9));
  const std::string words = StageWords(result, node);
  if (!words.empty()) line += "  " + words;
  return line + "\n";
}

}  // namespace

Mark MarkOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUsable:
      return Mark::kOk;
    case Verdict::kImpaired:
      return Mark::kWarn;
    case Verdict::kUnusable:
      return Mark::kFail;
    case Verdict::kUnknown:
      return Mark::kUnknown;
  }
  return Mark::kUnknown;
}

Mark MarkOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return Mark::kOk;
    case Outcome::kWarn:
      return Mark::kWarn;
    case Outcome::kFail:
      return Mark::kFail;
    case Outcome::kSkipped:
      return Mark::kSkipped;
    case Outcome::kNotReached:
      return Mark::kNotReached;
  }
  return Mark::kUnknown;
}

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
  std::size_t name_width = 4;
  for (const NodeReport* node : nodes) {
    if (collapse && node->verdict == Verdict::kUsable) continue;
    name_width = std::max(name_width, cli::DisplayWidth(NameOf(*node)));
  }
  std::string text;
  std::size_t rows = 0;
  for (const NodeReport* node : nodes) {
    if (collapse && node->verdict == Verdict::kUsable) continue;
    if (rows++ == 0) text += Header(name_width) + "\n";
    text += Row(*node, name_width, terminal) + "\n";
  }
  if (collapse && !usable.empty()) text += UsableLine(usable, rows, terminal);
  if (usable.size() < nodes.size()) text += "   " + Legend(terminal) + "\n";
  return text;
}

std::string StageDetails(const RunReport& report, const Terminal& terminal) {
  std::string text;
  for (const NodeReport& node : report.nodes) {
    text += fmt::format("\n{}  {}:{}  {}\n", NameOf(node), PrintablePeerText(node.host),
                        node.derp_port, VerdictName(node.verdict));
    for (const StageResult& result : node.stages) {
      if (SkippedAsWhole(node, result) && result.stage != Stage::kTcp) continue;
      text += StageLine(result, node, terminal);
    }
  }
  return text;
}

std::string MeshMatrix(const diagnosis::MeshReport& mesh, std::string_view indent,
                       const Terminal& terminal) {
  std::vector<std::string> names;
  for (const diagnosis::MeshDirection& direction : mesh.directions) {
    if (std::find(names.begin(), names.end(), direction.from) == names.end()) {
      names.push_back(direction.from);
    }
  }
  if (names.size() < 3 || names.size() > kMostMatrix) return {};
  std::size_t width = 7;
  for (const std::string& name : names) width = std::max(width, name.size() + 2);
  std::string text = std::string(indent) + Pad("from\\to", width);
  for (const std::string& to : names) text += PadLeft(to, width);
  text += "\n";
  for (const std::string& from : names) {
    text += std::string(indent) + Pad(from, width);
    for (const std::string& to : names) {
      const diagnosis::MeshDirection* direction = mesh.Find(from, to);
      std::string cell(terminal.MarkText(Mark::kSkipped));
      if (direction != nullptr && !direction->first) cell = terminal.MarkText(Mark::kFail);
      if (direction != nullptr && direction->rtt) {
        cell = fmt::format("{:.1f}",
                           std::chrono::duration<double, std::milli>(*direction->rtt).count());
      }
      text += PadLeft(cell, width);
    }
    text += "\n";
  }
  return text;
}

}  // namespace derp::probe
