#include "derpprobe/service/status_page.h"

#include <fmt/format.h>

#include "derpprobe/service/page/finding_cards.h"
#include "derpprobe/service/page/frame.h"
#include "derpprobe/service/page/region_rows.h"
#include "derpprobe/service/page/verdict_box.h"

namespace derp::probe {

std::string StatusPage(const BoardState& state, const PageOptions& options) {
  const Headline headline = MakeHeadline(state, options);
  std::string head;
  if (options.refresh_seconds) {
    head = fmt::format(R"(<meta http-equiv="refresh" content="{}">)", *options.refresh_seconds);
  }
  std::string body = VerdictBox(headline, state, options);
  body += "<main>" + ProberStrip(state, options.now) + FindingCards(state, options.now);
  body += RegionTiles(state) + RegionRows(state, options);
  body += TransitionTable(state, options.now) + "</main>" + Legend();
  return HtmlDocument(headline.title + " – DERP relays", head, body);
}

}  // namespace derp::probe
