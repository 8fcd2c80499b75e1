// The box at the head of the status page: one sentence that names the worst, and where the page's
// knowledge comes from. Pure.
#pragma once

#include <string>
#include <string_view>

#include "derpprobe/service/board.h"
#include "derpprobe/service/status_page.h"

namespace derp::probe {

// The page's sentence and its state.
struct Headline {
  std::string title;  // plain text: mark and count
  std::string html;
  std::string_view css_class;
};
Headline MakeHeadline(const BoardState& state, const PageOptions& options);

// Three rounds without a result: nothing is called ok any more.
bool IsStale(const BoardState& state, Duration round, WallTime now);

std::string VerdictBox(const Headline& headline, const BoardState& state,
                       const PageOptions& options);

}  // namespace derp::probe
