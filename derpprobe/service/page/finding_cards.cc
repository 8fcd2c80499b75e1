#include "derpprobe/service/page/finding_cards.h"

#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "common/http/html.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::Severity;
using http::EscapeHtml;

constexpr std::size_t kMostOfOneCode = 10;  // above it, one card speaks for all
constexpr std::size_t kNamesShown = 12;

std::string Place(const Finding& finding) {
  if (finding.region.empty()) return "";
  std::string place = EscapeHtml(finding.region);
  if (!finding.node.empty()) place += " / " + EscapeHtml(finding.node);
  if (finding.peers.empty()) return place;
  std::string peers;
  for (const std::string& peer : finding.peers) {
    peers += (peers.empty() ? "" : ", ") + EscapeHtml(peer);
  }
  return place + (finding.code == "mesh.one_way" ? " → " : " ↔ ") + peers;
}

std::string_view CardClass(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "f";
    case Severity::kWarning:
      return "f w";
    case Severity::kInfo:
      return "f i";
  }
  return "f i";
}

std::string ExplainLink(const std::string& code) {
  return fmt::format(R"(<a href="/explain/{0}">What {0} means</a>)", code);
}

std::string Article(const Finding& finding, std::string_view headline, std::string_view context,
                    std::string_view rows) {
  return fmt::format(
      R"(<article class="{}">{} <b>{}</b> {}{}<dl>{}</dl></article>)", CardClass(finding.severity),
      BadgeHtml(BadgeOf(finding.severity)), finding.code, headline,
      context.empty() ? "" : fmt::format(R"( <span class="mut">– {}</span>)", context), rows);
}

std::string Row(std::string_view title, const std::string& html) {
  return html.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>", title, html);
}

// One card for many findings of one code.
std::string GroupCard(const std::vector<const Finding*>& group) {
  std::string names;
  for (std::size_t i = 0; i < group.size() && i < kNamesShown; ++i) {
    names += (i == 0 ? "" : ", ") + Place(*group[i]);
  }
  if (group.size() > kNamesShown) names += fmt::format(" and {} more", group.size() - kNamesShown);
  const Finding& first = *group.front();
  const std::string rows = Row("Where", names) +
                           Row("Fact", fmt::format(R"(<span class="m">{}: {}</span>)", Place(first),
                                                   EscapeHtml(first.fact))) +
                           Row("Do", EscapeHtml(first.advice) + " " + ExplainLink(first.code));
  return Article(first, fmt::format("in {} places", group.size()), "", rows);
}

// Cards in the order of the findings.
std::string Cards(const std::vector<const Finding*>& findings, const BoardState& state,
                  WallTime now) {
  std::map<std::string_view, std::vector<const Finding*>> by_code;
  for (const Finding* finding : findings) by_code[finding->code].push_back(finding);
  std::set<std::string_view> told;
  std::string html;
  for (const Finding* finding : findings) {
    const auto& group = by_code[finding->code];
    if (group.size() <= kMostOfOneCode) {
      html += FindingCard(*finding, state.Age(*finding), now);
    } else if (told.insert(finding->code).second) {
      html += GroupCard(group);
    }
  }
  return html;
}

bool IsProbers(const Finding& finding) { return finding.stage == diagnosis::Stage::kProber; }

}  // namespace

std::string FindingCard(const Finding& finding, const FindingAge* age, WallTime now) {
  std::string context = Place(finding);
  if (age != nullptr) {
    context += fmt::format("{}since {} ({}, {} {})", context.empty() ? "" : ", ",
                           FormatRfc3339(age->since), AgeText(now - age->since), age->rounds,
                           age->rounds == 1 ? "round" : "rounds");
  }
  std::string fact = EscapeHtml(finding.fact);
  if (!fact.empty()) fact = "<span class=\"m\">" + fact + "</span>";
  std::string not_reached;
  for (const auto stage : finding.not_reached) {
    not_reached += (not_reached.empty() ? "" : ", ") + std::string(StageName(stage));
  }
  const std::string rows = Row("Where", EscapeHtml(finding.where)) + Row("Fact", fact) +
                           Row("Not reached", not_reached) +
                           Row("Do", EscapeHtml(finding.advice) + " " + ExplainLink(finding.code));
  return Article(finding, EscapeHtml(finding.headline), context, rows);
}

std::string ProberStrip(const BoardState& state, WallTime now) {
  std::vector<const Finding*> findings;
  for (const Finding& finding : state.report.findings) {
    if (IsProbers(finding) && finding.severity != Severity::kInfo) findings.push_back(&finding);
  }
  if (findings.empty()) return "";
  return R"(<section class="prober"><h2>This prober, not the relays</h2>)" +
         Cards(findings, state, now) + "</section>";
}

std::string FindingCards(const BoardState& state, WallTime now) {
  std::vector<const Finding*> urgent;
  std::vector<const Finding*> notes;
  for (const Finding& finding : state.report.findings) {
    if (finding.severity == Severity::kInfo) {
      notes.push_back(&finding);
    } else if (!IsProbers(finding)) {
      urgent.push_back(&finding);
    }
  }
  std::string html;
  if (!urgent.empty()) {
    html +=
        fmt::format("<h2>Needs attention ({})</h2>{}", urgent.size(), Cards(urgent, state, now));
  }
  if (!notes.empty()) {
    html += fmt::format(R"(<details><summary>Notes that need no action ({})</summary>{}</details>)",
                        notes.size(), Cards(notes, state, now));
  }
  return html;
}

}  // namespace derp::probe
