#include "derper/limits/quota_file.h"

#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::relay {
namespace {

constexpr std::string_view kTitle = "derper daily quota 1";
constexpr std::int64_t kSecondsPerDay = 86400;

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = ParseNumber<int>(text.substr(0, 4));
  const auto month = ParseNumber<unsigned>(text.substr(5, 2));
  const auto day = ParseNumber<unsigned>(text.substr(8, 2));
  if (!year || !month || !day || *year < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

auto Wrong(std::size_t line, std::string_view what) {
  return Fail(Error{.code = ErrorCode::kInvalidArgument,
                    .context = fmt::format("line {}: {}", line, what)});
}

// Lines with their numbers; a last one without an end counts as well.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::string_view Next() {
    ++number_;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return line;
  }
  bool empty() const { return rest_.empty(); }
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

}  // namespace

std::int64_t DayOf(WallTime time) {
  const std::int64_t seconds = UnixSeconds(time);
  return (seconds - (seconds % kSecondsPerDay + kSecondsPerDay) % kSecondsPerDay) / kSecondsPerDay;
}

std::string DayText(std::int64_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string QuotaFileText(const QuotaTable& table) {
  std::string text = fmt::format("{}\nday {}\n", kTitle, DayText(table.day));
  for (const auto& [key, bytes] : table.used) text += fmt::format("{} {}\n", key.ToString(), bytes);
  text += fmt::format("end {}\n", table.used.size());
  return text;
}

Expected<QuotaTable, Error> ParseQuotaFile(std::string_view text) {
  Lines lines(text);
  if (lines.Next() != kTitle) return Wrong(1, fmt::format("not \"{}\"", kTitle));
  const std::string_view second = lines.Next();
  const auto day = second.starts_with("day ") ? ParseDay(second.substr(4)) : std::nullopt;
  if (!day) return Wrong(2, "no day");
  QuotaTable table{.day = *day, .used = {}};
  while (!lines.empty()) {
    const std::string_view line = lines.Next();
    const std::vector<std::string_view> words = Split(line, ' ');
    const auto number = words.size() == 2 ? ParseNumber<std::uint64_t>(words[1]) : std::nullopt;
    if (!number) return Wrong(lines.number(), "not a key and its bytes");
    if (words[0] == "end") {
      if (*number != table.used.size() || !lines.empty()) break;
      return table;
    }
    const auto key = NodePublic::Parse(words[0]);
    if (!key) return Wrong(lines.number(), "not a key and its bytes");
    table.used.emplace_back(*key, *number);
  }
  return Wrong(lines.number(), "the end is not where it should be");
}

}  // namespace derp::relay
