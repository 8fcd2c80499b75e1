#include "common/diagnosis/catalogue.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/result.h"
#include "common/base/text.h"
#include "common/diagnosis/catalogue_parts.h"

namespace derp::diagnosis {

namespace {

// Errors that a client survives, so that the walk goes on (findings.md rules 7, 8).
constexpr std::array<std::string_view, 4> kWalkGoesOn = {"cert.expiring_soon", "cert.meta_differs",
                                                         "derp.several_keys", "relay.idle_cut"};

constexpr std::array kMainChain = {Stage::kMap,  Stage::kDns,   Stage::kTcp,
                                   Stage::kTls,  Stage::kCert,  Stage::kHttp,
                                   Stage::kDerp, Stage::kRelay, Stage::kMesh};

bool EndsWalk(const CatalogueEntry& entry) {
  if (entry.severity != Severity::kError) return false;
  if (std::find(kWalkGoesOn.begin(), kWalkGoesOn.end(), entry.code) != kWalkGoesOn.end()) {
    return false;
  }
  if (entry.stage == Stage::kMap) {
    return entry.code.starts_with("map.bad_") || entry.code == "map.pin_uppercase";
  }
  return entry.stage <= Stage::kRelay;
}

std::string StageList(const std::vector<Stage>& stages) {
  std::vector<std::string> names;
  for (const Stage stage : stages) names.emplace_back(StageName(stage));
  return Join(names, " ");
}

// At most 100 columns, behind the label of a row.
std::string Wrap(std::string_view text) {
  constexpr std::size_t kIndent = 11;
  constexpr std::size_t kWidth = 100;
  std::string wrapped;
  std::size_t column = kIndent;
  for (const std::string_view word : Split(text, ' ')) {
    if (column > kIndent && column + 1 + word.size() > kWidth) {
      wrapped += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    } else if (column > kIndent) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += word.size();
  }
  return wrapped;
}

}  // namespace

const std::vector<CatalogueEntry>& Catalogue() {
  static const std::vector<CatalogueEntry> all = [] {
    std::vector<CatalogueEntry> entries;
    for (const auto part : {MapEntries(), ReachEntries(), CertEntries(), SessionEntries(),
                            SideEntries(), ProberEntries()}) {
      entries.insert(entries.end(), part.begin(), part.end());
    }
    return entries;
  }();
  return all;
}

const CatalogueEntry* FindEntry(std::string_view code) {
  const auto& all = Catalogue();
  const auto found = std::find_if(
      all.begin(), all.end(), [code](const CatalogueEntry& entry) { return entry.code == code; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<Stage> HiddenStages(const CatalogueEntry& entry) {
  std::vector<Stage> hidden;
  if (!EndsWalk(entry)) return hidden;
  for (const Stage stage : kMainChain) {
    if (stage > entry.stage) hidden.push_back(stage);
  }
  const bool no_address =
      entry.stage == Stage::kMap || entry.code == "dns.not_found" || entry.code == "dns.no_address";
  if (no_address || entry.code == "node.unreachable") {
    hidden.push_back(Stage::kStun);
    hidden.push_back(Stage::kPort80);
  }
  if (entry.stage < Stage::kDerp) {
    hidden.push_back(Stage::kLatency);
    hidden.push_back(Stage::kWs);
  }
  return hidden;
}

Finding MakeFinding(std::string_view code) {
  const CatalogueEntry* entry = FindEntry(code);
  Check(entry != nullptr, fmt::format("finding code {} is not in the catalogue", code));
  Finding finding;
  finding.code = code;
  finding.severity = entry->severity;
  finding.stage = entry->stage;
  return finding;
}

Finding MakeFinding(std::string_view code, std::string headline, std::string fact,
                    std::string advice) {
  Finding finding = MakeFinding(code);
  finding.headline = std::move(headline);
  finding.fact = std::move(fact);
  finding.advice = std::move(advice);
  return finding;
}

std::string ExplainText(const CatalogueEntry& entry) {
  std::string text = fmt::format("{}  {}, stage {}, since {}\n", entry.code,
                                 SeverityName(entry.severity), StageName(entry.stage), entry.since);
  const auto row = [&text](std::string_view label, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {:<8} {}\n", label, value);
  };
  row("means", Wrap(entry.means));
  row("decided", Wrap(entry.decided));
  row("causes", Wrap(entry.causes));
  row("check", entry.check);  // a command stays in one piece
  row("fix", Wrap(entry.fix));
  const std::string hides = StageList(HiddenStages(entry));
  // Both on one line when they fit.
  if (!hides.empty() && !entry.see_also.empty() && hides.size() < 34 &&
      entry.see_also.size() < 44) {
    return text + fmt::format("  {:<8} {:<36}see also  {}\n", "hides", hides, entry.see_also);
  }
  row("hides", hides);
  row("see also", Wrap(entry.see_also));
  return text;
}

std::string CatalogueMarkdown() {
  std::string text =
      "# Findings\n\n"
      "Every finding of derpprobe and netcheck has one of these codes. Codes never change their\n"
      "meaning; new ones may be added. This page is generated from the table in\n"
      "`common/diagnosis` (`derpprobe -explain all` prints it); `derpprobe -explain CODE` prints\n"
      "one entry.\n";
  std::string_view group;
  for (const CatalogueEntry& entry : Catalogue()) {
    const std::string_view prefix = StageName(entry.stage);
    if (prefix != group) {
      group = prefix;
      text += fmt::format("\n## {}\n", group);
    }
    text += fmt::format("\n### `{}`\n\n{}, since {}: {}.\n\n", entry.code,
                        SeverityName(entry.severity), entry.since, entry.means);
    text += fmt::format("- Decided: {}.\n- Causes: {}.\n- Check: `{}`\n- Fix: {}.\n", entry.decided,
                        entry.causes, entry.check, entry.fix);
    const std::string hidden = StageList(HiddenStages(entry));
    if (!hidden.empty()) text += fmt::format("- Hides: {}.\n", hidden);
    if (!entry.see_also.empty()) text += fmt::format("- See also: {}.\n", entry.see_also);
  }
  return text;
}

}  // namespace derp::diagnosis
