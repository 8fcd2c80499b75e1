// What every page of the service has around its content, and the end of the status page. Pure.
#pragma once

#include <string>
#include <string_view>

#include "derpprobe/service/board.h"

namespace derp::probe {

// A whole document. `title` is plain text; `head` and `body` are HTML.
std::string HtmlDocument(std::string_view title, std::string_view head, std::string_view body);

std::string TransitionTable(const BoardState& state, WallTime now);
std::string Legend();

// /explain/CODE; empty when there is no such code.
std::optional<std::string> ExplainPage(std::string_view code);

}  // namespace derp::probe
