#include "derpprobe/service/page/day_strip.h"

#include <fmt/format.h>

namespace derp::probe {
namespace {

using diagnosis::Verdict;

// One unit of width per quarter hour. A bar is a piece of a thick line, which takes few bytes.
constexpr int kHeight = 20;

struct Level {
  std::string_view css_class;
  int middle;  // of the line whose thickness is the bar's height
};
constexpr std::array<Level, 3> kLevels = {{{"s1", 16}, {"s2", 13}, {"s3", 10}}};  // by Verdict

// One state's bars as one path.
class Bars {
 public:
  void Add(std::size_t from, std::size_t to, int middle) {
    path_ += path_.empty() ? fmt::format("M{} {}", from, middle) : fmt::format("m{} 0", from - at_);
    path_ += fmt::format("h{}", to - from);
    at_ = to;
  }
  const std::string& path() const { return path_; }

 private:
  std::size_t at_ = 0;
  std::string path_;
};

}  // namespace

DayVerdicts VerdictsOf(const Past& past, WallTime now) {
  DayVerdicts day{};
  const std::int64_t newest = UnixSeconds(now) / std::chrono::seconds(kBucketWidth).count();
  for (const PastBucket& bucket : past.day) {
    const std::int64_t age = newest - bucket.number;
    if (age < 0 || age >= static_cast<std::int64_t>(kDayBuckets)) continue;
    if (bucket.worst == Verdict::kUnknown) continue;
    day[kDayBuckets - 1 - static_cast<std::size_t>(age)] = bucket.worst;
  }
  return day;
}

std::string DayStrip(const DayVerdicts& day) {
  std::array<Bars, kLevels.size()> bars;
  std::string gaps;
  std::array<std::size_t, 4> counts{};  // usable, impaired, unusable, no data
  for (std::size_t from = 0; from < day.size();) {
    std::size_t to = from;
    while (to < day.size() && day[to] == day[from]) ++to;
    const std::size_t level = day[from] ? static_cast<std::size_t>(*day[from]) : kLevels.size();
    counts[level] += to - from;
    if (level < kLevels.size()) {
      bars[level].Add(from, to, kLevels[level].middle);
    } else {
      gaps += fmt::format("M{} 1h{}v{}h-{}z", from, to - from, kHeight - 2, to - from);
    }
    from = to;
  }
  std::string paths;
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (bars[i].path().empty()) continue;
    paths += fmt::format(R"(<path class="{}" d="{}"/>)", kLevels[i].css_class, bars[i].path());
  }
  if (!gaps.empty()) paths += fmt::format(R"(<path class="s0" d="{}"/>)", gaps);
  return fmt::format(
      R"(<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="last 24 hours: {} of {} quarter hours ok, {} impaired, {} unusable, {} without data">{}</svg>)",
      kDayBuckets, kHeight, counts[0], kDayBuckets, counts[1], counts[2], counts[3], paths);
}

}  // namespace derp::probe
