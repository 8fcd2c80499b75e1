#include "common/http/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace derp::http {

namespace {

constexpr std::string_view kForm = "Ddd, 00 Mmm 0000 00:00:00 GMT";
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Digits where the form has them, its own characters everywhere but in the names.
bool HasForm(std::string_view text) {
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool name = i < 3 || (i >= 8 && i < 11);
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (!name && (kForm[i] == '0' ? !digit : text[i] != kForm[i])) return false;
  }
  return true;
}

unsigned Number(std::string_view digits) {
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  if (!HasForm(text)) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(static_cast<int>(Number(text.substr(12, 4)))),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(Number(text.substr(5, 2)))};
  const unsigned hour = Number(text.substr(17, 2));
  const unsigned minute = Number(text.substr(20, 2));
  const unsigned second = Number(text.substr(23, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  // Years that nanoseconds since 1970 can hold.
  if (date.year() < std::chrono::year(1970) || date.year() > std::chrono::year(2200)) {
    return std::nullopt;
  }
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

}  // namespace derp::http
