#include "derpprobe/once/stage_details.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/units.h"
#include "derpprobe/once/layout.h"
#include "derpprobe/once/marks.h"

namespace derp::probe {

namespace {

using cli::Terminal;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::RunReport;
using diagnosis::Stage;
using diagnosis::StageResult;

constexpr std::size_t kStageWidth = 10;
constexpr std::size_t kWordsColumn = 28;  // behind stage, mark and time
constexpr std::string_view kNotMeasured = "–";

bool Ran(const StageResult& result) {
  return result.outcome != Outcome::kSkipped && result.outcome != Outcome::kNotReached;
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

std::string Line(std::string_view stage, const StageResult& result, const std::string& words,
                 const Terminal& terminal) {
  const bool measured = Ran(result) && result.duration > Duration::zero();
  const std::string time =
      measured ? diagnosis::Milliseconds(result.duration) : std::string(kNotMeasured);
  std::string line = fmt::format("    {} {} {}", Pad(std::string(stage), kStageWidth),
                                 terminal.PaintMark(MarkOf(result.outcome)), PadLeft(time, 9));
  if (!words.empty()) line += "  " + Wrap(words, kWordsColumn);
  return line + "\n";
}

// Results of one stage; they stand beside each other.
using Results = std::vector<const StageResult*>;

bool SameFate(const StageResult& a, const StageResult& b) {
  return !Ran(a) && a.outcome == b.outcome && a.reason == b.reason && a.after == b.after;
}

bool SameFate(const Results& a, const Results& b) {
  const StageResult& first = *a.front();
  const auto same = [&first](const StageResult* other) { return SameFate(first, *other); };
  return std::all_of(a.begin(), a.end(), same) && std::all_of(b.begin(), b.end(), same);
}

std::vector<Results> ByStage(const NodeReport& node) {
  std::vector<Results> stages;
  for (const StageResult& result : node.stages) {
    if (SkippedAsWhole(node, result)) continue;
    if (stages.empty() || stages.back().front()->stage != result.stage) stages.emplace_back();
    stages.back().push_back(&result);
  }
  return stages;
}

// A line for each family that is left out, then the stages.
std::string NodeLines(const NodeReport& node, const Terminal& terminal) {
  std::string text;
  for (const StageResult& result : node.stages) {
    const auto first =
        std::find_if(node.stages.begin(), node.stages.end(),
                     [&result](const StageResult& other) { return other.family == result.family; });
    if (&*first != &result || !SkippedAsWhole(node, result)) continue;
    text += Line("all", result, StageWords(result, node), terminal);
  }
  const std::vector<Results> stages = ByStage(node);
  for (std::size_t at = 0; at < stages.size();) {
    std::size_t end = at + 1;
    while (end < stages.size() && SameFate(stages[at], stages[end])) ++end;
    const StageResult& first = *stages[at].front();
    if (end - at > 1 || (stages[at].size() > 1 && SameFate(stages[at], stages[at]))) {
      StageResult all = first;
      all.family.reset();
      const std::string_view last = StageName(stages[end - 1].front()->stage);
      const std::string range = end - at == 1 ? std::string(StageName(first.stage))
                                              : fmt::format("{}–{}", StageName(first.stage), last);
      text += Line(range, all, StageWords(all, node), terminal);
    } else {
      for (const StageResult* result : stages[at]) {
        text += Line(StageName(result->stage), *result, StageWords(*result, node), terminal);
      }
    }
    at = end;
  }
  return text;
}

}  // namespace

std::string StageDetails(const RunReport& report, const Terminal& terminal) {
  std::string text;
  for (const NodeReport& node : report.nodes) {
    const std::string head = fmt::format("{}/{}  {}:{}  {}", PrintablePeerText(node.region),
                                         PrintablePeerText(node.node), PrintablePeerText(node.host),
                                         node.derp_port, VerdictName(node.verdict));
    text += "\n" + WrapHanging(head, 4) + "\n" + NodeLines(node, terminal);
  }
  return text;
}

}  // namespace derp::probe
