#include "common/cli/terminal.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::cli {
namespace {

constexpr unsigned kMaxWidth = 100;

std::string Lookup(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// The first of the three that is set decides, as for the C library; none set means ASCII.
bool SpeaksUtf8(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = ToLowerAscii(Lookup(environment, name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

std::string_view Code(Colour how) {
  switch (how) {
    case Colour::kPlain:
      return "";
    case Colour::kBold:
      return "1";
    case Colour::kRed:
      return "31";
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
    case Colour::kBlue:
      return "34";
    case Colour::kMagenta:
      return "35";
    case Colour::kCyan:
      return "36";
  }
  return "";
}

Colour ColourOf(Mark mark) {
  switch (mark) {
    case Mark::kOk:
      return Colour::kGreen;
    case Mark::kWarn:
      return Colour::kYellow;
    case Mark::kFail:
      return Colour::kRed;
    case Mark::kSkipped:
    case Mark::kNotReached:
    case Mark::kUnknown:
      return Colour::kPlain;
  }
  return Colour::kPlain;
}

}  // namespace

Terminal Terminal::Detect(int fd, const std::map<std::string, std::string>& environment) {
  Terminal out;
  out.is_tty = isatty(fd) == 1;
  const std::string term = Lookup(environment, "TERM");
  out.colour =
      out.is_tty && Lookup(environment, "NO_COLOR").empty() && !term.empty() && term != "dumb";
  out.utf8 = SpeaksUtf8(environment);
  winsize size{};
  if (out.is_tty && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    out.width = std::min<unsigned>(size.ws_col, kMaxWidth);
  }
  return out;
}

std::string Terminal::Paint(Colour how, std::string_view text) const {
  if (!colour || how == Colour::kPlain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", Code(how), text);
}

std::string_view Terminal::MarkText(Mark mark) const {
  switch (mark) {
    case Mark::kOk:
      return utf8 ? "✓" : "+";
    case Mark::kWarn:
      return "!";
    case Mark::kFail:
      return utf8 ? "✕" : "x";
    case Mark::kSkipped:
      return utf8 ? "–" : "-";
    case Mark::kNotReached:
      return utf8 ? "·" : ".";
    case Mark::kUnknown:
      return "?";
  }
  return "?";
}

std::string Terminal::PaintMark(Mark mark) const { return Paint(ColourOf(mark), MarkText(mark)); }

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++width;
  }
  return width;
}

}  // namespace derp::cli
