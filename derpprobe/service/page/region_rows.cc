#include "derpprobe/service/page/region_rows.h"

#include <functional>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "common/diagnosis/units.h"
#include "common/http/html.h"
#include "common/http/url.h"
#include "derpprobe/service/page/day_strip.h"
#include "derpprobe/service/page/latency_plot.h"
#include "derpprobe/service/page/mesh_table.h"
#include "derpprobe/service/page/node_block.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

using diagnosis::NodeReport;
using diagnosis::RegionReport;
using diagnosis::Verdict;
using http::EscapeHtml;

// Plots and logs may take so many bytes of the page; the rest is one click away (?open=).
constexpr std::size_t kDetailBudget = 10'000;
// With more nodes than this, closed rows hold a link instead of their nodes.
constexpr std::size_t kWholeRows = 40;

const Past* PastOf(const BoardState& state, const RegionReport& region) {
  const auto past = state.region_past.find(region.region_id);
  return past == state.region_past.end() ? nullptr : past->second.get();
}

const Past* PastOf(const BoardState& state, const NodeReport& node) {
  const auto past = state.node_past.find({node.region_id, node.node});
  return past == state.node_past.end() ? nullptr : past->second.get();
}

// The judged regions, and those of the map that no walk has finished in: unknown.
std::vector<RegionReport> AllRegions(const BoardState& state) {
  std::map<std::int64_t, const RegionReport*> judged;
  for (const RegionReport& region : state.report.regions) judged[region.region_id] = &region;
  std::vector<RegionReport> regions;
  for (const MapRegion& region : state.regions) {
    const auto found = judged.find(region.id);
    regions.push_back(found != judged.end()
                          ? *found->second
                          : RegionReport{region.code, region.id, region.name, Verdict::kUnknown});
  }
  return regions;
}

class Rows {
 public:
  Rows(const BoardState& state, const PageOptions& options) : state_(state), options_(options) {
    for (const NodeReport& node : state.report.nodes) nodes_[node.region_id].push_back(&node);
    for (const MapRegion& region : state.regions) totals_[region.id] = region.nodes;
  }

  std::string All(const std::vector<RegionReport>& regions) {
    std::multimap<int, const RegionReport*, std::greater<>> worst_first;
    for (const RegionReport& region : regions) {
      worst_first.emplace(diagnosis::Badness(region.verdict), &region);
    }
    std::string rows;
    for (const auto& [badness, region] : worst_first) rows += Row(*region);
    return rows;
  }

 private:
  std::string Row(const RegionReport& region) {
    int usable = 0;
    std::optional<Duration> best;
    for (const NodeReport* node : nodes_[region.region_id]) {
      usable += node->verdict == Verdict::kUsable || node->verdict == Verdict::kImpaired ? 1 : 0;
      const auto rtt = node->relay_rtt ? node->relay_rtt : node->StunRtt();
      if (rtt && (!best || *rtt < *best)) best = rtt;
    }
    const Past* past = PastOf(state_, region);
    const bool asked = region.region == options_.open;
    const bool open =
        asked || region.verdict == Verdict::kUnusable || region.verdict == Verdict::kImpaired;
    const std::string availability =
        past != nullptr && past->availability ? PercentText(*past->availability) : "–";
    return fmt::format(
        R"(<details id="r{}"{}><summary class="row"><span>{}</span><span><b>{}</b> {}</span><span class="h">{}</span><span class="num a">{}</span><span class="num">{}</span><span class="mut r">{} of {} usable</span></summary>{}</details>)",
        region.region_id, open ? " open" : "", BadgeHtml(BadgeOf(region.verdict)),
        EscapeHtml(region.region), EscapeHtml(region.name), Strip(past), availability,
        MillisText(best), usable, totals_[region.region_id], Inside(region, past, open, asked));
  }

  std::string Strip(const Past* past) const {
    return past == nullptr ? "" : DayStrip(VerdictsOf(*past, options_.now));
  }

  std::string Inside(const RegionReport& region, const Past* past, bool open, bool asked) {
    if (!open && state_.report.nodes.size() > kWholeRows) return OpenLink(region, "show nodes");
    std::string html;
    bool whole = true;
    const std::size_t waiting = totals_[region.region_id] - nodes_[region.region_id].size();
    if (waiting > 0) {
      html += fmt::format(R"(<p class="mut">? {} not yet measured</p>)",
                          diagnosis::Count(waiting, "node", "nodes"));
    }
    for (const NodeReport* node : nodes_[region.region_id]) {
      html += NodeBlock(*node, open ? Chips::kFull : Chips::kBrief);
      for (const std::string& detail : Details(*node)) {
        const bool fits = asked || details_ + detail.size() <= kDetailBudget;
        if (fits) html += detail;
        if (fits) details_ += detail.size();
        whole = whole && fits;
      }
    }
    for (const auto& mesh : state_.report.meshes) {
      if (mesh.region_id == region.region_id) html += MeshTable(state_.report, mesh);
    }
    html += TransferTables(state_.report, region.region_id);
    if (open) html += Availability(past);
    return whole ? html : html + OpenLink(region, "round trips, last failure");
  }

  std::vector<std::string> Details(const NodeReport& node) const {
    std::vector<std::string> details;
    const auto failure = state_.failures.find({node.region_id, node.node});
    if (failure != state_.failures.end()) {
      details.push_back(FailureBlock(*failure->second, options_.now));
    }
    if (const Past* past = PastOf(state_, node)) {
      details.push_back(LatencyPlot("Round trip through " + node.node, *past, options_.now));
    }
    return details;
  }

  static std::string Availability(const Past* past) {
    if (past == nullptr || !past->availability) return "";
    return fmt::format(R"(<p class="mut">Usable in {} of the rounds of {} within 30 days.</p>)",
                       PercentText(*past->availability), AgeText(past->observed));
  }

  static std::string OpenLink(const RegionReport& region, std::string_view text) {
    return fmt::format(R"(<p><a href="/?open={}#r{}">{}</a></p>)",
                       http::PercentEncode(region.region), region.region_id, text);
  }

  const BoardState& state_;
  const PageOptions& options_;
  std::map<std::int64_t, std::vector<const NodeReport*>> nodes_;
  std::map<std::int64_t, std::size_t> totals_;  // nodes of the map
  std::size_t details_ = 0;                     // bytes
};

}  // namespace

std::string RegionTiles(const BoardState& state) {
  const std::vector<RegionReport> regions = AllRegions(state);
  if (regions.empty()) return "";
  std::string tiles;
  for (const RegionReport& region : regions) {
    const Badge badge = BadgeOf(region.verdict);
    tiles += fmt::format(R"(<li><a class="{}" href="#r{}">{} {}</a></li>)", badge.css_class,
                         region.region_id, badge.mark, EscapeHtml(region.region));
  }
  const std::size_t count = regions.size();
  return fmt::format(R"(<h2>{} {}</h2><ul class="tiles m" aria-label="region overview">{}</ul>)",
                     count, count == 1 ? "region" : "regions", tiles);
}

std::string RegionRows(const BoardState& state, const PageOptions& options) {
  const std::vector<RegionReport> regions = AllRegions(state);
  if (regions.empty()) return "";
  return R"(<p class="row head mut" aria-hidden="true"><span>state</span><span>region</span>)"
         R"(<span class="h">last 24 hours, now on the right</span><span class="num">30 days</span>)"
         R"(<span class="num">round trip</span><span class="r">nodes</span></p>)" +
         Rows(state, options).All(regions);
}

}  // namespace derp::probe
