#include "derpprobe/once/layout.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/cli/terminal.h"

namespace derp::probe {

namespace {

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the first `columns` code points.
std::size_t BytesOf(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  while (bytes < text.size() && columns > 0) {
    ++bytes;
    while (bytes < text.size() && Continues(text[bytes])) ++bytes;
    --columns;
  }
  return bytes;
}

// The first line begins in column `first`, the further ones in column `indent`.
std::string Fill(std::string_view text, std::size_t first, std::size_t indent) {
  const std::string next_line = "\n" + std::string(indent, ' ');
  std::string filled;
  std::size_t column = first;
  bool blank = true;  // the line holds no word yet
  const auto break_line = [&] {
    filled += next_line;
    column = indent;
    blank = true;
  };
  for (std::string_view word : Split(text, ' ')) {
    std::size_t width = cli::DisplayWidth(word);
    if (!blank && column + 1 + std::min(width, kReportWidth - indent) > kReportWidth) break_line();
    if (!blank) {
      filled += ' ';
      ++column;
    }
    while (column + width > kReportWidth) {
      const std::size_t fits = BytesOf(word, kReportWidth - column);
      filled += word.substr(0, fits);
      word.remove_prefix(fits);
      width = cli::DisplayWidth(word);
      break_line();
    }
    filled += word;
    column += width;
    blank = false;
  }
  return filled;
}

}  // namespace

std::string Pad(std::string text, std::size_t width) {
  const std::size_t have = cli::DisplayWidth(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string PadLeft(std::string text, std::size_t width) {
  const std::size_t have = cli::DisplayWidth(text);
  return have < width ? std::string(width - have, ' ') + text : text;
}

std::string Cut(std::string_view text, std::size_t width) {
  if (cli::DisplayWidth(text) <= width) return std::string(text);
  return std::string(text.substr(0, BytesOf(text, width - 1))) + "~";
}

std::string CutPlace(std::string_view region, std::string_view node, std::size_t width) {
  const std::string whole = std::string(region) + "/" + std::string(node);
  const std::size_t of_node = cli::DisplayWidth(node) + 1;
  if (cli::DisplayWidth(whole) <= width || of_node + 3 > width) return Cut(whole, width);
  return Cut(region, width - of_node) + "/" + std::string(node);
}

std::string Wrap(std::string_view text, std::size_t indent) { return Fill(text, indent, indent); }

std::string WrapHanging(std::string_view text, std::size_t indent) { return Fill(text, 0, indent); }

}  // namespace derp::probe
