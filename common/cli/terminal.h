// What the stream a report goes to can show: colour, marks, width (design/output.md 1). A value,
// decided once at start.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace derp::cli {

// The 16 ANSI colours that keep contrast on dark and light screens; never grey or black.
enum class Colour { kPlain, kBold, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

// A state as one character. Outside UTF-8: + ! x - . ?
enum class Mark { kOk, kWarn, kFail, kSkipped, kNotReached, kUnknown };

struct Terminal {
  bool is_tty = false;
  bool colour = false;   // a tty, NO_COLOR unset or empty, TERM set and not "dumb"
  bool utf8 = true;      // from LC_ALL, LC_CTYPE, LANG; files and pipes too
  unsigned width = 100;  // columns, at most 100

  // `environment` as from ProcessEnvironment().
  static Terminal Detect(int fd, const std::map<std::string, std::string>& environment);

  std::string Paint(Colour how, std::string_view text) const;
  std::string_view MarkText(Mark mark) const;
  std::string PaintMark(Mark mark) const;  // in the colour of its state
};

// Columns that UTF-8 text takes, each code point as one: enough for the marks and arrows in use.
std::size_t DisplayWidth(std::string_view text);

}  // namespace derp::cli
