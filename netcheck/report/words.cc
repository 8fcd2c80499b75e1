#include "netcheck/report/words.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "common/base/go_duration.h"

namespace derp::netcheck {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLatencyStep = 100us;

std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

std::string Blanks(std::string_view text, std::size_t width) {
  const std::size_t columns = Columns(text);
  return std::string(columns < width ? width - columns : 0, ' ');
}

// "2026-06-01", a separator, "21:12:32.25": what Go's layouts with .999999999 print.
std::string DateAndTime(WallTime time, char separator) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = fmt::format("{:%Y-%m-%d}{}{:%H:%M:%S}", fmt::gmtime(UnixSeconds(time)),
                                 separator, fmt::gmtime(UnixSeconds(time)));
  const auto fraction = (time - seconds).count();
  if (fraction == 0) return text;
  std::string digits = fmt::format("{:09}", fraction);
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + "." + digits;
}

}  // namespace

std::string LatencyText(Duration latency) {
  const Duration half = latency < Duration::zero() ? -kLatencyStep / 2 : kLatencyStep / 2;
  return FormatGoDuration((latency + half) / kLatencyStep * kLatencyStep);
}

std::string PadRight(std::string_view text, std::size_t width) {
  return std::string(text) + Blanks(text, width);
}

std::string PadLeft(std::string_view text, std::size_t width) {
  return Blanks(text, width) + std::string(text);
}

std::string TimeText(WallTime time, std::chrono::seconds zone) {
  const std::string text = DateAndTime(time + zone, ' ');
  if (zone == 0s) return text + "Z";
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(zone));
  return fmt::format("{}{}{:02}:{:02}", text, zone < 0s ? '-' : '+', minutes.count() / 60,
                     minutes.count() % 60);
}

std::string UtcText(WallTime time) { return DateAndTime(time, 'T') + "Z"; }

std::chrono::seconds LocalZone(WallTime time) {
  const std::time_t seconds = UnixSeconds(time);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return 0s;
  return std::chrono::seconds(local.tm_gmtoff);
}

}  // namespace derp::netcheck
