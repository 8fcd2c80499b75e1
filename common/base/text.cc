#include "common/base/text.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace derp {
namespace {

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Length of the well-formed UTF-8 character at the front, 0 if there is none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
  if (first == 0xed && byte(1) > 0x9f) return 0;  // surrogates
  if (first == 0xf0 && byte(1) < 0x90) return 0;  // overlong
  if (first == 0xf4 && byte(1) > 0x8f) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string ToLowerAscii(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerAscii);
  return lower;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerAscii(x) == LowerAscii(y); });
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> items;
  for (;;) {
    const std::size_t at = text.find(separator);
    items.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return items;
    text.remove_prefix(at + 1);
  }
}

std::string Join(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty() || &item != items.data()) text += separator;
    text += item;
  }
  return text;
}

std::string PrintablePeerText(std::string_view text) {
  constexpr std::size_t kMostBytes = 120;
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    const auto first = static_cast<std::uint8_t>(text[0]);
    const bool c1_control =
        length == 2 && first == 0xc2 && static_cast<std::uint8_t>(text[1]) < 0xa0;
    const bool plain = length > 0 && first >= 0x20 && first != 0x7f && !c1_control;
    const std::string piece =
        plain ? std::string(text.substr(0, length)) : fmt::format("\\x{:02x}", first);
    if (shown.size() + piece.size() > kMostBytes) return shown + "…";
    shown += piece;
    text.remove_prefix(plain ? length : 1);
  }
  return shown;
}

std::string GoQuote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const auto first = static_cast<std::uint8_t>(text[0]);
    const std::size_t length = Utf8Length(text);
    if (first == '"' || first == '\\') {
      quoted += '\\';
      quoted += text[0];
    } else if (first == '\n') {
      quoted += "\\n";
    } else if (first == '\t') {
      quoted += "\\t";
    } else if (first == '\r') {
      quoted += "\\r";
    } else if (length == 0 || first < 0x20 || first == 0x7f) {
      quoted += fmt::format("\\x{:02x}", first);
    } else {
      quoted += text.substr(0, length);
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
  return quoted + "\"";
}

}  // namespace derp
