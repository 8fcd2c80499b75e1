#include "derpprobe/once/ascii.h"

#include <utility>

namespace derp::probe {

namespace {

constexpr std::pair<std::string_view, std::string_view> kSigns[] = {
    {"→", "->"}, {"–", "-"}, {"·", "."}, {"✓", "+"}, {"✕", "x"}, {"…", "~"}, {"µ", "u"}};

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string ToAscii(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < text.size() && Continues(text[length])) ++length;
    const std::string_view letter = text.substr(0, length);
    text.remove_prefix(length);
    std::string_view shown = static_cast<unsigned char>(letter[0]) < 0x80 ? letter : "?";
    for (const auto& [sign, ascii] : kSigns) {
      if (letter == sign) shown = ascii;
    }
    plain += shown;
  }
  return plain;
}

}  // namespace derp::probe
