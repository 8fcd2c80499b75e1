#include "stunc/words.h"

#include <fmt/format.h>

namespace derp::stunc {

double Milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::string RoundTripText(Duration duration) {
  const double ms = Milliseconds(duration);
  return ms < 1 ? fmt::format("{:.2f} ms", ms) : fmt::format("{:.1f} ms", ms);
}

std::string WaitText(Duration duration) {
  const double ms = Milliseconds(duration);
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.3g} s", ms / 1000);
}

}  // namespace derp::stunc
