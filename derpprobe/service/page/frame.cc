#include "derpprobe/service/page/frame.h"

#include <fmt/format.h>

#include "common/cli/version.h"
#include "common/diagnosis/catalogue.h"
#include "common/http/html.h"
#include "common/http/page_style.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {

using http::EscapeHtml;

std::string HtmlDocument(std::string_view title, std::string_view head, std::string_view body) {
  return fmt::format(
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>{}</title>{}<style>{}</style></head><body>{}</body></html>
)",
      EscapeHtml(title), head, http::PageStyle(), body);
}

std::string TransitionTable(const BoardState& state, WallTime now) {
  if (state.transitions.empty()) return "";
  std::string rows;
  for (const Transition& transition : state.transitions) {
    const Badge badge = BadgeOf(transition.state);
    rows += fmt::format(
        R"(<tr><td>{} ago</td><td class="t">{}</td><td class="{}">{}</td><td class="l">{}</td></tr>)",
        AgeText(now - transition.at), FormatRfc3339(transition.at), badge.css_class, badge.mark,
        EscapeHtml(transition.place + ": " + transition.text));
  }
  return fmt::format(
      R"(<h2>Last changes</h2><div class="wide" tabindex="0"><table><tr><th scope="col">when</th><th scope="col" class="t">time</th><th scope="col">state</th><th scope="col" class="l">what</th></tr>{}</table></div>)",
      rows);
}

std::string Legend() {
  return fmt::format(
      R"(<footer class="mut"><p>✓ ok · ! impaired · ✕ unusable · ? not known · – does not apply · · not reached. Strips: low bar ok, middle bar impaired, full bar unusable, dashed no data. Plots: line median, band 10–90 %, ▲ packets lost, solid bar nothing came back, dashed box not measured. Add <code>?refresh=30</code> to reload by itself, <code>?open=CODE</code> to open a region.</p><p><a href="/status.json">JSON</a> · <a href="/metrics">metrics</a> · <a href="/debug/">debug</a> · derpprobe {}</p></footer>)",
      EscapeHtml(cli::Version()));
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
  if (!entry->check.empty()) {
    rows += fmt::format(R"(<dt>Check</dt><dd class="m">{}</dd>)", EscapeHtml(entry->check));
  }
  row("Fix", entry->fix);
  std::string hidden;
  for (const auto stage : diagnosis::HiddenStages(*entry)) {
    hidden += (hidden.empty() ? "" : " ") + std::string(StageName(stage));
  }
  row("Hides", hidden);
  std::string_view rest = entry->see_also;
  std::string links;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    const std::string_view other = rest.substr(0, comma);
    links += fmt::format(R"({}<a href="/explain/{}">{}</a>)", links.empty() ? "" : ", ",
                         EscapeHtml(other), EscapeHtml(other));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
  }
  if (!links.empty()) rows += fmt::format("<dt>See also</dt><dd>{}</dd>", links);
  const Badge badge = BadgeOf(entry->severity);
  return HtmlDocument(
      std::string(code) + " – derpprobe", "",
      fmt::format(
          R"(<header><h1>{} {}</h1><p class="mut">stage {}, since {}</p></header><main><dl>{}</dl></main><footer class="mut"><p><a href="/">status page</a></p></footer>)",
          BadgeHtml(badge), EscapeHtml(code), StageName(entry->stage), entry->since, rows));
}

}  // namespace derp::probe
