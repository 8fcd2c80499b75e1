// Small text helpers that several layers need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace derp {

std::string_view TrimSpace(std::string_view text);  // ASCII blanks, tabs and line ends.
std::string ToLowerAscii(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Splits at every `separator`; an empty text gives one empty item, as in Go's strings.Split.
std::vector<std::string_view> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& items, std::string_view separator);

// What another machine said, made fit to be shown: at most 120 bytes, control bytes and what is not
// UTF-8 as \xNN (findings.md rule 11). Escaping for HTML, labels or JSON is the writer's.
std::string PrintablePeerText(std::string_view text);

// Go's %q for ASCII and UTF-8 text: quotes, backslashes and control bytes escaped.
std::string GoQuote(std::string_view text);

}  // namespace derp
