// The words and marks that every block of the status page uses (design: status page). Pure; what
// comes back is HTML, foreign text in it is escaped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/report.h"

namespace derp::probe {

// A state as the page shows it: mark, word, CSS class.
struct Badge {
  std::string_view mark;
  std::string_view word;
  std::string_view css_class;
};
Badge BadgeOf(diagnosis::Verdict verdict);
Badge BadgeOf(diagnosis::Outcome outcome);
Badge BadgeOf(diagnosis::Severity severity);
std::string BadgeHtml(const Badge& badge);

// "1.1 ms", "–" when nothing was measured.
std::string MillisText(const std::optional<Duration>& duration);
// "12 s", "2 h 8 min", "3 d".
std::string AgeText(Duration age);
// "99.98 %": rounded down, so that a lost round is never called 100 %.
std::string PercentText(double share);
// "12.3 Mbit/s".
std::string RateText(double bits_per_second);

std::string_view FamilyTitle(AddressFamily family);  // "IPv4"

}  // namespace derp::probe
