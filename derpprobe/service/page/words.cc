#include "derpprobe/service/page/words.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/diagnosis/units.h"

namespace derp::probe {

using diagnosis::Outcome;
using diagnosis::Severity;
using diagnosis::Verdict;

Badge BadgeOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUsable:
      return {"✓", "ok", "ok"};
    case Verdict::kImpaired:
      return {"!", "impaired", "warn"};
    case Verdict::kUnusable:
      return {"✕", "unusable", "fail"};
    case Verdict::kUnknown:
      return {"?", "unknown", "unk"};
  }
  return {"?", "unknown", "unk"};
}

Badge BadgeOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return {"✓", "ok", "ok"};
    case Outcome::kWarn:
      return {"!", "warn", "warn"};
    case Outcome::kFail:
      return {"✕", "fail", "fail"};
    case Outcome::kSkipped:
      return {"–", "skipped", "skip"};
    case Outcome::kNotReached:
      return {"·", "not reached", "skip"};
  }
  return {"?", "unknown", "unk"};
}

Badge BadgeOf(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return {"✕", "error", "fail"};
    case Severity::kWarning:
      return {"!", "warning", "warn"};
    case Severity::kInfo:
      return {"i", "info", "unk"};
  }
  return {"?", "unknown", "unk"};
}

std::string BadgeHtml(const Badge& badge) {
  return fmt::format(R"(<b class="b {}">{} {}</b>)", badge.css_class, badge.mark, badge.word);
}

std::string MillisText(const std::optional<Duration>& duration) {
  return duration ? diagnosis::Milliseconds(*duration) : "–";
}

std::string AgeText(Duration age) {
  const auto seconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(age).count());
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d", seconds / 86400);
}

std::string PercentText(double share) {
  const double hundredths = std::floor(std::clamp(share, 0.0, 1.0) * 10000 + 1e-9);
  if (hundredths >= 10000) return "100 %";
  return fmt::format("{:.2f} %", hundredths / 100);
}

std::string RateText(double bits_per_second) {
  if (bits_per_second >= 1e9) return fmt::format("{:.1f} Gbit/s", bits_per_second / 1e9);
  if (bits_per_second >= 1e6) return fmt::format("{:.1f} Mbit/s", bits_per_second / 1e6);
  return fmt::format("{:.1f} kbit/s", bits_per_second / 1e3);
}

std::string_view FamilyTitle(AddressFamily family) {
  return family == AddressFamily::kIpv4 ? "IPv4" : "IPv6";
}

}  // namespace derp::probe
