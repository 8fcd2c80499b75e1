#include "derpprobe/service/page_parts.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "common/diagnosis/units.h"
#include "common/http/html.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::MeshDirection;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::Severity;
using diagnosis::Stage;
using diagnosis::StageResult;
using diagnosis::Verdict;
using http::EscapeHtml;

constexpr std::size_t kWholeMatrix = 6;  // above it, only failing directions are listed

Badge BadgeOfSeverity(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return {"✕", "error", "fail"};
    case Severity::kWarning:
      return {"!", "warning", "warn"};
    case Severity::kInfo:
      return {"i", "info", "unk"};
  }
  return {"?", "", "unk"};
}

std::string Place(const Finding& finding) {
  if (finding.region.empty()) return "";
  std::string place = EscapeHtml(finding.region);
  if (!finding.node.empty()) place += " / " + EscapeHtml(finding.node);
  if (finding.peers.empty()) return place;
  std::string peers;
  for (const std::string& peer : finding.peers) {
    peers += (peers.empty() ? "" : ", ") + EscapeHtml(peer);
  }
  return place + " ↔ " + peers;
}

std::string Chip(const Badge& badge, std::string_view text) {
  return fmt::format(R"(<li class="{}"><span class="g">{}</span>{}</li>)", badge.css_class,
                     badge.mark, EscapeHtml(text));
}

std::string ChipHtml(const StageResult& result) {
  std::string text(StageName(result.stage));
  if (result.outcome == Outcome::kOk && result.duration > Duration::zero()) {
    text += " " + MillisText(result.duration);
  }
  if (!result.code.empty()) text += " " + result.code;
  if (result.outcome == Outcome::kSkipped) text += ": " + result.reason;
  return Chip(BadgeOf(result.outcome), text);
}

// Chips in the order of the chain; what was not reached is gathered into one chip per cause.
std::string ChipRow(const std::vector<StageResult>& results) {
  std::multimap<Stage, const StageResult*> in_order;
  for (const StageResult& result : results) in_order.emplace(result.stage, &result);
  std::string chips;
  std::map<Stage, std::string> unreached;
  for (const auto& [stage, result] : in_order) {
    if (result->outcome == Outcome::kNotReached && result->after) {
      unreached[*result->after] += std::string(StageName(stage)) + " ";
    } else {
      chips += ChipHtml(*result);
    }
  }
  for (const auto& [after, stages] : unreached) {
    chips += Chip(BadgeOf(Outcome::kNotReached),
                  fmt::format("{}not reached after {}", stages, StageName(after)));
  }
  return chips;
}

// Why nothing of a family was measured, when that is so.
std::optional<std::string> SkippedWhole(const NodeReport& node, AddressFamily family) {
  std::optional<std::string> reason;
  for (const StageResult& result : node.stages) {
    if (result.family != family) continue;
    if (result.outcome != Outcome::kSkipped || (reason && *reason != result.reason)) {
      return std::nullopt;
    }
    reason = result.reason;
  }
  return reason;
}

std::string_view FamilyTitle(AddressFamily family) {
  return family == AddressFamily::kIpv4 ? "IPv4" : "IPv6";
}

std::vector<std::string> NodesOf(const diagnosis::RunReport& report, std::int64_t region_id) {
  std::vector<std::string> names;
  for (const NodeReport& node : report.nodes) {
    if (node.region_id == region_id && !node.stun_only) names.push_back(node.node);
  }
  return names;
}

std::string CellHtml(const diagnosis::RunReport& report, const diagnosis::MeshReport& mesh,
                     const std::string& from, const std::string& to) {
  if (from == to) {
    for (const NodeReport& node : report.nodes) {
      if (node.region_id == mesh.region_id && node.node == from) {
        return fmt::format(R"(<td class="self">{} self</td>)", MillisText(node.relay_rtt));
      }
    }
  }
  const MeshDirection* direction = mesh.Find(from, to);
  if (direction == nullptr) return R"(<td class="skip">· not reached</td>)";
  const Badge badge = BadgeOf(direction->outcome);
  if (direction->outcome == Outcome::kFail) {
    return fmt::format(R"(<td class="fail"><b>{} lost</b></td>)", badge.mark);
  }
  return fmt::format("<td class=\"{}\">{} {}</td>", badge.css_class, badge.mark,
                     MillisText(direction->rtt));
}

std::string FailingDirections(const diagnosis::MeshReport& mesh) {
  std::string rows;
  for (const MeshDirection& direction : mesh.directions) {
    if (direction.outcome == Outcome::kOk) continue;
    const Badge badge = BadgeOf(direction.outcome);
    rows += fmt::format(R"(<li class="{}">{} {} → {} {}</li>)", badge.css_class, badge.mark,
                        EscapeHtml(direction.from), EscapeHtml(direction.to),
                        EscapeHtml(direction.code));
  }
  if (rows.empty()) rows = R"(<li class="ok">✓ all directions work</li>)";
  return fmt::format(R"(<p class="mut">Mesh, failing directions</p><ul class="st">{}</ul>)", rows);
}

}  // namespace

Badge BadgeOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUsable:
      return {"✓", "ok", "ok"};
    case Verdict::kImpaired:
      return {"!", "impaired", "warn"};
    case Verdict::kUnusable:
      return {"✕", "unusable", "fail"};
    case Verdict::kUnknown:
      return {"?", "unknown", "unk"};
  }
  return {"?", "unknown", "unk"};
}

Badge BadgeOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return {"✓", "ok", "ok"};
    case Outcome::kWarn:
      return {"!", "warn", "warn"};
    case Outcome::kFail:
      return {"✕", "fail", "fail"};
    case Outcome::kSkipped:
      return {"–", "skipped", "skip"};
    case Outcome::kNotReached:
      return {"·", "not reached", "skip"};
  }
  return {"?", "unknown", "unk"};
}

std::string BadgeHtml(const Badge& badge) {
  return fmt::format(R"(<b class="b {}">{} {}</b>)", badge.css_class, badge.mark, badge.word);
}

std::string MillisText(const std::optional<Duration>& duration) {
  return duration ? diagnosis::Milliseconds(*duration) : "–";
}

std::string AgeText(Duration age) {
  const auto seconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(age).count());
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d", seconds / 86400);
}

std::string FindingCard(const Finding& finding, const FindingAge* age, WallTime now) {
  const Badge badge = BadgeOfSeverity(finding.severity);
  std::string context = Place(finding);
  if (age != nullptr) {
    context += fmt::format("{}since {} ({}, {} rounds)", context.empty() ? "" : ", ",
                           FormatRfc3339(age->since), AgeText(now - age->since), age->rounds);
  }
  std::string rows;
  const auto row = [&rows](std::string_view title, const std::string& html) {
    if (!html.empty()) rows += fmt::format("<dt>{}</dt><dd>{}</dd>", title, html);
  };
  row("Where", EscapeHtml(finding.where));
  row("Fact", "<span class=\"m\">" + EscapeHtml(finding.fact) + "</span>");
  std::string not_reached;
  for (const auto stage : finding.not_reached) {
    not_reached += (not_reached.empty() ? "" : ", ") + std::string(StageName(stage));
  }
  row("Not reached", not_reached);
  row("Do", EscapeHtml(finding.advice) +
                fmt::format(R"( <a href="/explain/{0}">What {0} means</a>)", finding.code));
  const std::string_view card = finding.severity == Severity::kError     ? "f"
                                : finding.severity == Severity::kWarning ? "f w"
                                                                         : "f i";
  return fmt::format(
      R"(<article class="{}">{} <b>{}</b> {} <span class="mut">– {}</span><dl>{}</dl></article>)",
      card, BadgeHtml(badge), finding.code, EscapeHtml(finding.headline), context, rows);
}

std::string StageChips(const NodeReport& node) {
  std::vector<AddressFamily> measured;
  std::string skipped;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    if (const auto reason = SkippedWhole(node, family)) {
      skipped +=
          Chip(BadgeOf(Outcome::kSkipped), fmt::format("{}: {}", FamilyTitle(family), *reason));
    } else {
      measured.push_back(family);
    }
  }
  const bool one_row = measured.size() < 2;
  std::vector<StageResult> common;
  for (const StageResult& result : node.stages) {
    const bool shown =
        !result.family || (one_row && !measured.empty() && *result.family == measured.front());
    if (shown) common.push_back(result);
  }
  std::string html = fmt::format(R"(<ul class="st" aria-label="stages of {}">{}{}</ul>)",
                                 EscapeHtml(node.node), ChipRow(common), skipped);
  if (one_row) return html;
  for (const AddressFamily family : measured) {
    std::vector<StageResult> results;
    for (const StageResult& result : node.stages) {
      if (result.family == family) results.push_back(result);
    }
    html += fmt::format(R"(<ul class="st" aria-label="{0} stages of {1}"><li>{0}</li>{2}</ul>)",
                        FamilyTitle(family), EscapeHtml(node.node), ChipRow(results));
  }
  return html;
}

std::string MeshTable(const diagnosis::RunReport& report, const diagnosis::MeshReport& mesh) {
  const std::vector<std::string> names = NodesOf(report, mesh.region_id);
  if (names.size() < 2) return "";
  if (names.size() > kWholeMatrix) return FailingDirections(mesh);
  std::string head;
  std::string rows;
  for (const std::string& name : names) {
    head += fmt::format(R"(<th scope="col">{}</th>)", EscapeHtml(name));
    rows += fmt::format(R"(<tr><th scope="row">{}</th>)", EscapeHtml(name));
    for (const std::string& to : names) rows += CellHtml(report, mesh, name, to);
    rows += "</tr>";
  }
  return fmt::format(
      R"(<div class="wide"><table><caption class="mut">Mesh: row sends, column receives</caption><tr><th scope="col">from \ to</th>{}</tr>{}</table></div>)",
      head, rows);
}

}  // namespace derp::probe
