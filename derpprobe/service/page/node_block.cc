#include "derpprobe/service/page/node_block.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "common/http/html.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::Stage;
using diagnosis::StageResult;
using http::EscapeHtml;

std::string Chip(const Badge& badge, std::string_view text) {
  return fmt::format(R"(<li class="{}"><b>{}</b>{}</li>)", badge.css_class, badge.mark,
                     EscapeHtml(text));
}

std::string StageChip(const StageResult& result) {
  std::string text(StageName(result.stage));
  const bool ran = result.outcome == Outcome::kOk || result.outcome == Outcome::kWarn;
  if (ran && result.duration > Duration::zero()) text += " " + MillisText(result.duration);
  if (result.code.starts_with(std::string(StageName(result.stage)) + ".")) {
    text.replace(0, StageName(result.stage).size(), result.code);  // the code names the stage
  } else if (!result.code.empty()) {
    text += " " + result.code;
  }
  return Chip(BadgeOf(result.outcome), text);
}

// Chips in the order of the chain; what was not reached is gathered into one chip per cause, and so
// is what was skipped.
std::string ChipRow(const std::vector<StageResult>& results, Chips form) {
  std::multimap<Stage, const StageResult*> in_order;
  for (const StageResult& result : results) in_order.emplace(result.stage, &result);
  std::string chips;
  std::string fine;
  std::map<Stage, std::string> unreached;
  std::map<std::string, std::string> skipped;
  const auto gather = [](std::string& names, Stage stage) {
    names += (names.empty() ? "" : ", ") + std::string(StageName(stage));
  };
  for (const auto& [stage, result] : in_order) {
    if (result->outcome == Outcome::kNotReached && result->after) {
      gather(unreached[*result->after], stage);
    } else if (result->outcome == Outcome::kSkipped) {
      gather(skipped[result->reason], stage);
    } else if (form == Chips::kBrief && result->outcome == Outcome::kOk && result->code.empty()) {
      fine += (fine.empty() ? "" : " ") + std::string(StageName(stage));
    } else {
      chips += StageChip(*result);
    }
  }
  if (!fine.empty()) chips = Chip(BadgeOf(Outcome::kOk), fine) + chips;
  for (const auto& [after, stages] : unreached) {
    chips += Chip(BadgeOf(Outcome::kNotReached),
                  fmt::format("{} not reached after {}", stages, StageName(after)));
  }
  for (const auto& [reason, stages] : skipped) {
    chips += Chip(BadgeOf(Outcome::kSkipped), fmt::format("{}: {}", stages, reason));
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

bool HasResults(const NodeReport& node, AddressFamily family) {
  return std::any_of(node.stages.begin(), node.stages.end(),
                     [&](const StageResult& result) { return result.family == family; });
}

std::string CertificateFact(const NodeReport& node) {
  if (!node.cert_days_left) return "";
  std::string until;
  if (node.cert_not_after) until = ", until " + FormatRfc3339(*node.cert_not_after).substr(0, 10);
  const StageResult* cert = nullptr;
  for (const StageResult& result : node.stages) {
    if (result.stage == Stage::kCert && !result.code.empty()) cert = &result;
  }
  const std::string days = *node.cert_days_left < 0
                               ? fmt::format("ended {} days ago", -*node.cert_days_left)
                               : fmt::format("{} {} left", *node.cert_days_left,
                                             *node.cert_days_left == 1 ? "day" : "days");
  const bool worrying = cert != nullptr && cert->code.starts_with("cert.expir");
  if (!worrying) return fmt::format(" · certificate: {}{}", days, until);
  const Badge badge = BadgeOf(cert->outcome);
  return fmt::format(R"( · <b class="{}">{} certificate: {}{}</b>)", badge.css_class, badge.mark,
                     days, until);
}

std::string Facts(const NodeReport& node, Chips form) {
  std::string facts = EscapeHtml(node.host);
  for (const auto& target : node.targets) {
    if (form == Chips::kFull && target.derp && target.derp->ip.ToString() != node.host) {
      facts += " · " + EscapeHtml(target.derp->ToString());
    }
  }
  if (node.relay_rtt) facts += " · relay " + MillisText(node.relay_rtt);
  for (const auto& target : node.targets) {
    if (!target.stun_rtt) continue;
    facts += fmt::format(" · STUN {} {}", FamilyTitle(target.family), MillisText(target.stun_rtt));
  }
  return facts + CertificateFact(node);
}

}  // namespace

std::string NodeBlock(const NodeReport& node, Chips chips) {
  return fmt::format(R"(<p class="node"><b>{}</b> {} <span class="mut">{}</span></p>{})",
                     EscapeHtml(node.node), BadgeHtml(BadgeOf(node.verdict)), Facts(node, chips),
                     StageChips(node, chips));
}

std::string FailureBlock(const FailureLog& failure, WallTime now) {
  std::string lines;
  for (const std::string& line : failure.lines) lines += EscapeHtml(line) + "\n";
  return fmt::format(
      R"(<details class="log"><summary>Step log of the last failure, {} ago ({})</summary><pre class="m" tabindex="0">{}</pre></details>)",
      AgeText(now - failure.at), FormatRfc3339(failure.at), lines);
}

std::string StageChips(const NodeReport& node, Chips form) {
  std::vector<AddressFamily> measured;
  std::string skipped;
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    if (const auto reason = SkippedWhole(node, family)) {
      skipped +=
          Chip(BadgeOf(Outcome::kSkipped), fmt::format("{}: {}", FamilyTitle(family), *reason));
    } else if (HasResults(node, family)) {
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
                                 EscapeHtml(node.node), ChipRow(common, form), skipped);
  if (one_row) return html;
  // Families of which the same is to be said share a row.
  std::vector<std::pair<std::string, std::string>> rows;  // title, chips
  for (const AddressFamily family : measured) {
    std::vector<StageResult> results;
    for (const StageResult& result : node.stages) {
      if (result.family == family) results.push_back(result);
    }
    std::string chips = ChipRow(results, form);
    if (!rows.empty() && rows.back().second == chips) {
      rows.back().first += fmt::format(", {}", FamilyTitle(family));
    } else {
      rows.emplace_back(FamilyTitle(family), std::move(chips));
    }
  }
  for (const auto& [title, chips] : rows) {
    html += fmt::format(
        R"(<ul class="st" aria-label="{0} stages"><li class="fam">{0}</li>{1}</ul>)", title, chips);
  }
  return html;
}

}  // namespace derp::probe
