// How the report's lines are set: at most 100 columns, whatever the names and values in them. Text
// is UTF-8, a code point one column.
#pragma once

#include <string>
#include <string_view>

namespace derp::probe {

inline constexpr std::size_t kReportWidth = 100;

std::string Pad(std::string text, std::size_t width);      // blanks behind
std::string PadLeft(std::string text, std::size_t width);  // blanks in front

// The first `width` columns; '~' is the last where something was cut off.
std::string Cut(std::string_view text, std::size_t width);

// "region/node" in at most `width` columns: of a long name the region is cut first.
std::string CutPlace(std::string_view region, std::string_view node, std::size_t width);

// Breaks at blanks, and within words that are wider than a line, so that no line exceeds the
// report's width. The text begins in column `indent`, where further lines begin too.
std::string Wrap(std::string_view text, std::size_t indent);

// The same for a text that begins in the first column.
std::string WrapHanging(std::string_view text, std::size_t indent);

}  // namespace derp::probe
