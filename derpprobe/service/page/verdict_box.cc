#include "derpprobe/service/page/verdict_box.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/http/html.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

using diagnosis::Finding;
using diagnosis::Severity;
using http::EscapeHtml;

constexpr int kStaleRounds = 3;
// However short the round: a walk may take its time.
constexpr auto kStaleAtLeast = std::chrono::seconds(45);

std::string WorstPlace(const BoardState& state) {
  for (const Finding& finding : state.report.findings) {
    if (finding.severity != Severity::kError || finding.region.empty()) continue;
    return fmt::format(R"( Worst: <a href="#r{}">{}</a> – {}.)", finding.region_id,
                       EscapeHtml(finding.region), EscapeHtml(finding.headline));
  }
  return "";
}

Headline Unknown(std::string title, std::string_view bold, std::string_view rest) {
  return {"? " + std::move(title), fmt::format(R"(<b class="unk">? {}</b>{})", bold, rest), "unk"};
}

Headline Judged(const BoardState& state) {
  const auto& counts = state.report.counts;
  const std::string rest =
      fmt::format("{} impaired, {} usable{}", counts.impaired, counts.usable,
                  counts.unknown > 0 ? fmt::format(", {} unknown", counts.unknown) : "");
  if (counts.unusable > 0) {
    return {fmt::format("✕ {} unusable", counts.unusable),
            fmt::format(R"(<b class="fail">✕ {} of {} nodes unusable</b>, {}.{})", counts.unusable,
                        counts.nodes(), rest, WorstPlace(state)),
            "fail"};
  }
  if (counts.unknown > 0 && counts.unknown == counts.nodes()) {
    return Unknown(fmt::format("{} unknown", counts.unknown), "No node can be judged",
                   ": the prober's own troubles stand in the way.");
  }
  if (counts.impaired > 0) {
    return {fmt::format("! {} impaired", counts.impaired),
            fmt::format(R"(<b class="warn">! {} of {} nodes impaired</b>, {}.{})", counts.impaired,
                        counts.nodes(), rest, WorstPlace(state)),
            "warn"};
  }
  if (counts.errors > 0) {
    return {fmt::format("! {} errors", counts.errors),
            fmt::format(R"(<b class="warn">! {} {} beside the nodes</b>, {}.{})", counts.errors,
                        counts.errors == 1 ? "error" : "errors", rest, WorstPlace(state)),
            "warn"};
  }
  if (counts.unknown > 0) {
    return Unknown(fmt::format("{} unknown", counts.unknown),
                   fmt::format("{} of {} nodes unknown", counts.unknown, counts.nodes()),
                   fmt::format(", {} usable.", counts.usable));
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
  text += fmt::format("a round every {}", FormatGoDuration(options.round));
  if (!state.source.url.empty()) {
    const std::size_t regions = state.regions.size();
    text += fmt::format(" · map: {}, {} {}", EscapeHtml(state.source.url), regions,
                        regions == 1 ? "region" : "regions");
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

}  // namespace

bool IsStale(const BoardState& state, Duration round, WallTime now) {
  const Duration patience = std::max<Duration>(kStaleRounds * round, kStaleAtLeast);
  return state.last_result && now - *state.last_result > patience;
}

Headline MakeHeadline(const BoardState& state, const PageOptions& options) {
  const bool loaded = state.source.fetched || !state.source.failure.empty();
  if (!loaded) return Unknown("starting", "Starting", ": no map read yet.");
  if (state.nodes_total == 0) {
    return Unknown("no nodes", "No node to probe", ": the map is empty or not loaded.");
  }
  if (IsStale(state, options.round, options.now)) {
    return Unknown("no result",
                   fmt::format("No result since {}", FormatRfc3339(*state.last_result)),
                   ": what follows is old.");
  }
  if (state.nodes_done < state.nodes_total) {
    const std::string done =
        fmt::format("{} of {} nodes done", state.nodes_done, state.nodes_total);
    Headline first = Unknown(done, "First round", fmt::format(": {}.{}", done, WorstPlace(state)));
    if (state.report.counts.unusable > 0) first.css_class = "fail";
    return first;
  }
  return Judged(state);
}

std::string VerdictBox(const Headline& headline, const BoardState& state,
                       const PageOptions& options) {
  return fmt::format(
      R"(<header><h1>DERP relays <span class="mut">probed from {}</span></h1><div class="verdict {}">{}<br><span class="mut">{}</span></div></header>)",
      http::EscapeHtml(options.vantage), headline.css_class, headline.html,
      SubLine(state, options));
}

}  // namespace derp::probe
