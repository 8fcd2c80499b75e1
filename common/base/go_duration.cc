#include "common/base/go_duration.h"

#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace derp {
namespace {

// `value` with `digits` decimals behind the point, trailing zeros cut.
std::string Decimal(std::uint64_t whole, std::uint64_t fraction, int digits) {
  std::string text = fmt::format("{}", whole);
  if (fraction == 0) return text;
  std::string tail = fmt::format("{:0{}}", fraction, digits);
  while (tail.back() == '0') tail.pop_back();
  return text + "." + tail;
}

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

constexpr Unit kUnits[] = {  // Longer names first where one is the start of another.
    {"ns", 1},         {"us", 1'000},        {"µs", 1'000},         {"μs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

constexpr std::uint64_t kMost =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + 1;

bool TakeDigit(std::string_view& text, std::uint64_t& digit) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  digit = static_cast<std::uint64_t>(text[0] - '0');
  text.remove_prefix(1);
  return true;
}

// One "<decimal><unit>" off the front, in nanoseconds.
std::optional<std::uint64_t> TakeTerm(std::string_view& text) {
  std::uint64_t whole = 0;
  std::uint64_t digit = 0;
  bool any = false;
  while (TakeDigit(text, digit)) {
    any = true;
    if (whole > (kMost - digit) / 10) return std::nullopt;
    whole = whole * 10 + digit;
  }
  std::uint64_t fraction = 0;
  double scale = 1;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    bool full = false;
    while (TakeDigit(text, digit)) {
      any = true;
      if (full || fraction > (kMost - digit) / 10) {
        full = true;  // Further digits are below a nanosecond's worth.
        continue;
      }
      fraction = fraction * 10 + digit;
      scale *= 10;
    }
  }
  if (!any) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    const std::string_view after = text.substr(unit.name.size());
    // "m" must not take the m of "ms"; the longer one stands earlier in the table.
    text = after;
    if (whole > kMost / unit.nanoseconds) return std::nullopt;
    std::uint64_t sum = whole * unit.nanoseconds;
    sum += static_cast<std::uint64_t>(static_cast<double>(fraction) *
                                      (static_cast<double>(unit.nanoseconds) / scale));
    if (sum > kMost) return std::nullopt;
    return sum;
  }
  return std::nullopt;
}

}  // namespace

std::string FormatGoDuration(Duration duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  const bool negative = count < 0;
  const std::uint64_t value =
      negative ? ~static_cast<std::uint64_t>(count) + 1 : static_cast<std::uint64_t>(count);
  std::string text;
  if (value < 1'000) {
    text = fmt::format("{}ns", value);
  } else if (value < 1'000'000) {
    text = Decimal(value / 1'000, value % 1'000, 3) + "µs";
  } else if (value < 1'000'000'000) {
    text = Decimal(value / 1'000'000, value % 1'000'000, 6) + "ms";
  } else {
    const std::uint64_t seconds = value / 1'000'000'000;
    const std::uint64_t hours = seconds / 3600;
    const std::uint64_t minutes = seconds / 60 % 60;
    if (hours > 0) text += fmt::format("{}h", hours);
    if (hours > 0 || minutes > 0) text += fmt::format("{}m", minutes);
    text += Decimal(seconds % 60, value % 1'000'000'000, 9) + "s";
  }
  return negative ? "-" + text : text;
}

std::optional<Duration> ParseGoDuration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  while (!text.empty()) {
    const auto term = TakeTerm(text);
    if (!term) return std::nullopt;
    sum += *term;
    if (sum > kMost) return std::nullopt;
  }
  if (negative) return Duration(static_cast<std::int64_t>(~sum + 1));
  if (sum == kMost) return std::nullopt;
  return Duration(static_cast<std::int64_t>(sum));
}

}  // namespace derp
