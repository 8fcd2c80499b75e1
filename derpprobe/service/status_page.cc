#include "derpprobe/service/status_page.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/cli/version.h"
#include "common/diagnosis/catalogue.h"
#include "common/http/html.h"
#include "common/http/page_style.h"
#include "derpprobe/service/page_parts.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::NodeReport;
using diagnosis::RegionReport;
using diagnosis::Severity;
using diagnosis::Verdict;
using http::EscapeHtml;

constexpr int kStaleRounds = 3;  // without a result for so long, nothing is called ok any more

// The page's sentence and its state.
struct Headline {
  std::string title;  // plain text
  std::string html;
  std::string_view css_class;
};

bool IsStale(const BoardState& state, const PageOptions& options) {
  return state.last_result && options.now - *state.last_result > kStaleRounds * options.round;
}

std::string RegionCount(const BoardState& state) {
  const std::size_t count = state.report.regions.size();
  return count == 1 ? "1 region" : fmt::format("{} regions", count);
}

std::string WorstPlace(const BoardState& state) {
  for (const Finding& finding : state.report.findings) {
    if (finding.severity != Severity::kError || finding.region.empty()) continue;
    return fmt::format(R"( Worst: <a href="#r{}">{}</a> – {}.)", finding.region_id,
                       EscapeHtml(finding.region), EscapeHtml(finding.headline));
  }
  return "";
}

Headline MakeHeadline(const BoardState& state, const PageOptions& options) {
  const auto& counts = state.report.counts;
  const bool loaded = state.source.fetched || !state.source.failure.empty();
  if (!loaded) return {"? starting", R"(<b class="unk">? Starting</b>: no map read yet.)", "unk"};
  if (state.nodes_total == 0) {
    return {"? no nodes",
            R"(<b class="unk">? No node to probe</b>: the map is empty or not loaded.)", "unk"};
  }
  if (IsStale(state, options)) {
    const std::string since = FormatRfc3339(*state.last_result);
    return {"? no result", fmt::format(R"(<b class="unk">? No result since {}</b>)", since), "unk"};
  }
  if (state.nodes_done < state.nodes_total) {
    const std::string done =
        fmt::format("{} of {} nodes done", state.nodes_done, state.nodes_total);
    return {"? " + done,
            fmt::format(R"(<b class="unk">? First round</b>: {}.{})", done, WorstPlace(state)),
            counts.unusable > 0 ? "fail" : "unk"};
  }
  const std::string rest =
      fmt::format("{} impaired, {} usable{}", counts.impaired, counts.usable,
                  counts.unknown > 0 ? fmt::format(", {} unknown", counts.unknown) : "");
  if (counts.unusable > 0) {
    return {fmt::format("✕ {} unusable", counts.unusable),
            fmt::format(R"(<b class="fail">✕ {} of {} nodes unusable</b>, {}.{})", counts.unusable,
                        counts.nodes(), rest, WorstPlace(state)),
            "fail"};
  }
  if (counts.impaired > 0 || counts.errors > 0) {
    return {fmt::format("! {} impaired", counts.impaired),
            fmt::format(R"(<b class="warn">! {} of {} nodes impaired</b>, {}.{})", counts.impaired,
                        counts.nodes(), rest, WorstPlace(state)),
            "warn"};
  }
  if (counts.unknown > 0) {
    return {fmt::format("? {} unknown", counts.unknown),
            fmt::format(R"(<b class="unk">? {} of {} nodes unknown</b>, {} usable.)",
                        counts.unknown, counts.nodes(), counts.usable),
            "unk"};
  }
  const std::string all =
      counts.usable == 1 ? "The node is usable" : fmt::format("All {} nodes usable", counts.usable);
  const std::string mesh = counts.mesh_directions == 0
                               ? ""
                               : fmt::format(", {} of {} mesh directions work", counts.mesh_working,
                                             counts.mesh_directions);
  return {fmt::format("✓ {} usable", counts.usable),
          fmt::format(R"(<b class="ok">✓ {}</b>{}.)", all, mesh), "ok"};
}

std::string SubLine(const BoardState& state, const PageOptions& options) {
  std::string text;
  if (state.last_result) {
    text = fmt::format("Last result {} ago ({}) · ", AgeText(options.now - *state.last_result),
                       FormatRfc3339(*state.last_result));
  }
  text += "every " + FormatGoDuration(options.round);
  if (!state.source.url.empty()) {
    text += fmt::format(" · map: {}, {}", EscapeHtml(state.source.url), RegionCount(state));
  }
  if (state.source.fetched) {
    text += fmt::format(", fetched {} ago", AgeText(options.now - *state.source.fetched));
  }
  if (!state.source.failure.empty()) {
    text += fmt::format(R"( · <b class="warn">! map not refreshed: {}</b>)",
                        EscapeHtml(state.source.failure));
  }
  return text;
}

std::string Cards(const BoardState& state, const PageOptions& options) {
  std::string prober;
  std::string cards;
  std::string notes;
  std::size_t count = 0;
  std::size_t note_count = 0;
  for (const Finding& finding : state.report.findings) {
    const std::string card = FindingCard(finding, state.Age(finding), options.now);
    if (finding.stage == diagnosis::Stage::kProber) {
      prober += card;
    } else if (finding.severity == Severity::kInfo) {
      notes += card;
      ++note_count;
    } else {
      cards += card;
      ++count;
    }
  }
  std::string html;
  if (!prober.empty()) html += "<h2>This prober</h2>" + prober;
  if (count > 0) html += fmt::format("<h2>Needs attention ({})</h2>{}", count, cards);
  if (note_count > 0) {
    html += fmt::format(R"(<details><summary>Notes that need no action ({})</summary>{}</details>)",
                        note_count, notes);
  }
  return html;
}

std::string Tiles(const BoardState& state) {
  std::string tiles;
  for (const RegionReport& region : state.report.regions) {
    const Badge badge = BadgeOf(region.verdict);
    tiles += fmt::format(R"(<li><a class="{}" href="#r{}">{} {}</a></li>)", badge.css_class,
                         region.region_id, badge.mark, EscapeHtml(region.region));
  }
  return fmt::format(R"(<h2>{}</h2><ul class="tiles m" aria-label="region overview">{}</ul>)",
                     RegionCount(state), tiles);
}

std::string NodeBlock(const NodeReport& node) {
  std::string facts = EscapeHtml(node.host);
  for (const auto& target : node.targets) {
    if (target.derp && target.derp->ip.ToString() != node.host) {
      facts += " · " + EscapeHtml(target.derp->ToString());
    }
  }
  if (node.relay_rtt) facts += " · relay " + MillisText(node.relay_rtt);
  if (node.StunRtt()) facts += " · STUN " + MillisText(node.StunRtt());
  if (node.cert_days_left) facts += fmt::format(" · certificate {} d", *node.cert_days_left);
  return fmt::format(R"(<p><b>{}</b> {} <span class="mut">{}</span></p>{})", EscapeHtml(node.node),
                     BadgeHtml(BadgeOf(node.verdict)), facts, StageChips(node));
}

std::string RegionRow(const BoardState& state, const RegionReport& region,
                      const PageOptions& options) {
  int usable = 0;
  int total = 0;
  std::optional<Duration> best;
  std::string nodes;
  for (const NodeReport& node : state.report.nodes) {
    if (node.region_id != region.region_id) continue;
    ++total;
    usable += node.verdict == Verdict::kUsable || node.verdict == Verdict::kImpaired ? 1 : 0;
    const auto rtt = node.StunRtt();
    if (rtt && (!best || *rtt < *best)) best = rtt;
    nodes += NodeBlock(node);
  }
  std::string mesh;
  for (const auto& candidate : state.report.meshes) {
    if (candidate.region_id == region.region_id) mesh = MeshTable(state.report, candidate);
  }
  const auto strip = state.strips.find(region.region_id);
  const bool open = region.verdict == Verdict::kUnusable || region.verdict == Verdict::kImpaired ||
                    region.region == options.open;
  return fmt::format(
      R"(<details id="r{}"{}><summary class="row"><span>{}</span><span><b>{}</b> {}</span><span class="h">{}</span><span class="num">{}</span><span class="mut r">{} of {} usable</span></summary>{}{}</details>)",
      region.region_id, open ? " open" : "", BadgeHtml(BadgeOf(region.verdict)),
      EscapeHtml(region.region), EscapeHtml(region.name),
      strip == state.strips.end() ? "" : strip->second.Svg(options.now), MillisText(best), usable,
      total, nodes, mesh);
}

std::string Rows(const BoardState& state, const PageOptions& options) {
  std::multimap<int, const RegionReport*, std::greater<>> worst_first;
  for (const RegionReport& region : state.report.regions) {
    worst_first.emplace(diagnosis::Badness(region.verdict), &region);
  }
  std::string rows;
  for (const auto& [badness, region] : worst_first) rows += RegionRow(state, *region, options);
  return rows;
}

std::string Transitions(const BoardState& state, WallTime now) {
  if (state.transitions.empty()) return "";
  std::string rows;
  for (const Transition& transition : state.transitions) {
    const Badge badge = BadgeOf(transition.state);
    rows += fmt::format(R"(<tr><td>{} ago</td><td>{}</td><td class="{}">{}</td><td>{}</td></tr>)",
                        AgeText(now - transition.at), FormatRfc3339(transition.at), badge.css_class,
                        badge.mark, EscapeHtml(transition.place + ": " + transition.text));
  }
  return fmt::format(
      R"(<h2>Last changes</h2><div class="wide"><table><tr><th scope="col">when</th><th scope="col">time</th><th scope="col">state</th><th scope="col">what</th></tr>{}</table></div>)",
      rows);
}

std::string Document(std::string_view title, std::string_view head, std::string_view body) {
  return fmt::format(
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>{}</title>{}<style>{}</style></head><body>{}</body></html>
)",
      EscapeHtml(title), head, http::PageStyle(), body);
}

}  // namespace

std::string StatusPage(const BoardState& state, const PageOptions& options) {
  const Headline headline = MakeHeadline(state, options);
  std::string head;
  if (options.refresh_seconds) {
    head = fmt::format(R"(<meta http-equiv="refresh" content="{}">)", *options.refresh_seconds);
  }
  const std::string body = fmt::format(
      R"(<header><h1>DERP relays <span class="mut">probed from {}</span></h1><div class="verdict {}">{}<br><span class="mut">{}</span></div></header><main>{}{}{}{}</main><footer class="mut"><p>Legend: ✓ ok · ! impaired · ✕ unusable · ? no data · – not applicable · · not reached. Strips show the last 24 hours since this prober started: low bar ok, mid bar impaired, full bar unusable, dashed no data; now is on the right.</p><p><a href="/metrics">metrics</a> · <a href="/debug/">debug</a> · derpprobe {}</p></footer>)",
      EscapeHtml(options.vantage), headline.css_class, headline.html, SubLine(state, options),
      Cards(state, options), Tiles(state), Rows(state, options), Transitions(state, options.now),
      cli::Version());
  return Document(headline.title + " – DERP relays", head, body);
}

std::optional<std::string> ExplainPage(std::string_view code) {
  const diagnosis::CatalogueEntry* entry = diagnosis::FindEntry(code);
  if (entry == nullptr) return std::nullopt;
  std::string rows;
  const auto row = [&rows](std::string_view title, std::string_view text) {
    if (!text.empty()) rows += fmt::format("<dt>{}</dt><dd>{}</dd>", title, EscapeHtml(text));
  };
  row("Means", entry->means);
  row("Decided", entry->decided);
  row("Causes", entry->causes);
  row("Check", entry->check);
  row("Fix", entry->fix);
  row("See also", entry->see_also);
  return Document(
      std::string(code) + " – derpprobe", "",
      fmt::format(
          R"(<header><h1>{}</h1><p class="mut">{}, stage {}, since {}</p></header><main><dl>{}</dl></main><footer class="mut"><p><a href="/">status page</a></p></footer>)",
          EscapeHtml(code), SeverityName(entry->severity), StageName(entry->stage), entry->since,
          rows));
}

}  // namespace derp::probe
