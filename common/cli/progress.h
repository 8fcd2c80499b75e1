// One line of progress that rewrites itself on a terminal and is gone at the end (design/output.md
// 1). On anything but a terminal it writes nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/cli/terminal.h"

namespace derp::cli {

// One thread. Clears its line when it is destroyed.
class Progress {
 public:
  using Sink = std::function<void(std::string_view)>;

  Progress(const Terminal& terminal, const Clock& clock, Sink sink);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows `line`, cut to the width. Changes within 100 ms of the last one are left out, so that it
  // may be called for every small step.
  void Show(std::string_view line);

  // Takes the line away, for example before a log line is written; Show() brings the next one.
  void Clear();

 private:
  const Terminal terminal_;
  const Clock& clock_;
  const Sink sink_;
  bool visible_ = false;
  TimePoint last_{};
};

// A sink that writes to stderr at once.
Progress::Sink StderrSink();

}  // namespace derp::cli
