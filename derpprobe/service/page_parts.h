// The pieces of the status page, one function per block of the design (design: status page). Pure:
// state in, HTML text out; every foreign text is escaped here.
#pragma once

#include <string>
#include <string_view>

#include "derpprobe/service/board.h"

namespace derp::probe {

// A state as the page shows it: mark, word, CSS class.
struct Badge {
  std::string_view mark;
  std::string_view word;
  std::string_view css_class;
};
Badge BadgeOf(diagnosis::Verdict verdict);
Badge BadgeOf(diagnosis::Outcome outcome);
std::string BadgeHtml(const Badge& badge);

std::string FindingCard(const diagnosis::Finding& finding, const FindingAge* age, WallTime now);
std::string StageChips(const diagnosis::NodeReport& node);
std::string MeshTable(const diagnosis::RunReport& report, const diagnosis::MeshReport& mesh);

// "1.1 ms", "–" when nothing was measured.
std::string MillisText(const std::optional<Duration>& duration);
// "12 s", "2 h 8 min", "3 d".
std::string AgeText(Duration age);

}  // namespace derp::probe
