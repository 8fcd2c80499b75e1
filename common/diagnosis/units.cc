#include "common/diagnosis/units.h"

#include <fmt/format.h>

namespace derp::diagnosis {

namespace {

double Millis(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::string Milliseconds(Duration duration) {
  const double ms = Millis(duration);
  if (ms >= 1000) return fmt::format("{:.1f} s", ms / 1000);
  return ms < 0.1 ? fmt::format("{:.2f} ms", ms) : fmt::format("{:.1f} ms", ms);
}

std::string ShortDuration(Duration duration) {
  const double ms = Millis(duration);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  const double tenths = ms / 1000;
  const std::string text = fmt::format("{:.1f}", tenths);
  return (text.ends_with(".0") ? text.substr(0, text.size() - 2) : text) + " s";
}

std::string Count(std::size_t count, std::string_view singular, std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

}  // namespace derp::diagnosis
