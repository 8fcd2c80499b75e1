#include "common/cli/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "common/cli/progress.h"
#include "tests/support/fake_clock.h"

namespace derp::cli {
namespace {

using Environment = std::map<std::string, std::string>;

// The two ends of a pseudo-terminal.
struct Pty {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  int slave = -1;
  Pty() {
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return;
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  }
  ~Pty() {
    if (slave >= 0) close(slave);
    if (master >= 0) close(master);
  }
};

TEST_CASE("a pipe gets no colour and the full width", "[cli][terminal]") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Terminal terminal =
      Terminal::Detect(ends[1], Environment{{"TERM", "xterm"}, {"LANG", "C.UTF-8"}});
  close(ends[0]);
  close(ends[1]);
  CHECK_FALSE(terminal.is_tty);
  CHECK_FALSE(terminal.colour);
  CHECK(terminal.utf8);
  CHECK(terminal.width == 100);
  CHECK(terminal.Paint(Colour::kRed, "x") == "x");
}

TEST_CASE("a terminal has colour unless the user or TERM says no", "[cli][terminal]") {
  const Pty pty;
  REQUIRE(pty.slave >= 0);
  winsize size{};
  size.ws_col = 72;
  REQUIRE(ioctl(pty.slave, TIOCSWINSZ, &size) == 0);
  const Terminal plain = Terminal::Detect(pty.slave, Environment{{"TERM", "xterm"}});
  CHECK(plain.is_tty);
  CHECK(plain.colour);
  CHECK(plain.width == 72);
  CHECK(plain.Paint(Colour::kRed, "x") == "\x1b[31mx\x1b[0m");
  CHECK_FALSE(Terminal::Detect(pty.slave, Environment{{"TERM", "dumb"}}).colour);
  CHECK_FALSE(Terminal::Detect(pty.slave, Environment{}).colour);
  CHECK_FALSE(
      Terminal::Detect(pty.slave, Environment{{"TERM", "xterm"}, {"NO_COLOR", "1"}}).colour);
}

TEST_CASE("the first locale variable that is set decides about the marks", "[cli][terminal]") {
  CHECK(Terminal::Detect(-1, Environment{{"LANG", "en_GB.utf8"}}).utf8);
  CHECK_FALSE(Terminal::Detect(-1, Environment{{"LC_ALL", "C"}, {"LANG", "en_GB.UTF-8"}}).utf8);
  CHECK_FALSE(Terminal::Detect(-1, Environment{}).utf8);
}

TEST_CASE("marks keep apart in ASCII", "[cli][terminal]") {
  Terminal terminal;
  terminal.utf8 = false;
  std::string marks;
  for (const Mark mark :
       {Mark::kOk, Mark::kWarn, Mark::kFail, Mark::kSkipped, Mark::kNotReached, Mark::kUnknown}) {
    marks += terminal.MarkText(mark);
  }
  CHECK(marks == "+!x-.?");
  CHECK(DisplayWidth("✓ 1→2") == 5);
}

TEST_CASE("progress rewrites one line and takes it away at the end", "[cli][progress]") {
  test::FakeClock clock;
  std::string out;
  Terminal terminal;
  terminal.is_tty = true;
  terminal.width = 6;
  {
    Progress progress(terminal, clock, [&out](std::string_view text) { out += text; });
    progress.Show("✓✓✓✓✓✓✓✓");
    progress.Show("left out: too soon");
    clock.Advance(std::chrono::seconds(1));
    progress.Show("2 of 3");
  }
  CHECK(out == "\r\x1b[K✓✓✓✓✓\r\x1b[K2 of \r\x1b[K");
}

TEST_CASE("progress is silent without a terminal", "[cli][progress]") {
  test::FakeClock clock;
  std::string out;
  {
    Progress progress(Terminal{}, clock, [&out](std::string_view text) { out += text; });
    progress.Show("1 of 3");
  }
  CHECK(out.empty());
}

}  // namespace
}  // namespace derp::cli
