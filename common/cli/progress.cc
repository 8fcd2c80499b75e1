#include "common/cli/progress.h"

#include <cstdio>
#include <utility>

namespace derp::cli {
namespace {

constexpr Duration kLeastInterval = std::chrono::milliseconds(100);

// The first `width` code points.
std::string_view CutToWidth(std::string_view text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (seen++ == width) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Progress::Progress(const Terminal& terminal, const Clock& clock, Sink sink)
    : terminal_(terminal), clock_(clock), sink_(std::move(sink)) {}

Progress::~Progress() { Clear(); }

void Progress::Show(std::string_view line) {
  if (!terminal_.is_tty) return;
  const TimePoint now = clock_.Now();
  if (visible_ && now - last_ < kLeastInterval) return;
  last_ = now;
  visible_ = true;
  // One column stays free: a full line would make some terminals wrap.
  std::string out = "\r\x1b[K";
  out += CutToWidth(line, terminal_.width - 1);
  sink_(out);
}

void Progress::Clear() {
  if (!visible_) return;
  visible_ = false;
  sink_("\r\x1b[K");
}

Progress::Sink StderrSink() {
  return [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
}

}  // namespace derp::cli
