#include "derpprobe/service/page/latency_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "common/diagnosis/units.h"
#include "common/http/html.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

// The picture's own units; whole numbers keep it small.
constexpr int kLeft = 56;
constexpr int kStep = 6;  // one quarter hour
constexpr int kTop = 8;
constexpr int kBase = 128;  // where zero is
constexpr int kLossRow = 144;
constexpr int kRight = kLeft + kStep * static_cast<int>(kDayBuckets);

enum class Shape { kGap, kLine, kDead };  // of one quarter hour

using Day = std::array<const PastBucket*, kDayBuckets>;

Day Arrange(const Past& past, WallTime now) {
  Day day{};
  const std::int64_t newest = UnixSeconds(now) / std::chrono::seconds(kBucketWidth).count();
  for (const PastBucket& bucket : past.day) {
    const std::int64_t age = newest - bucket.number;
    if (age < 0 || age >= static_cast<std::int64_t>(kDayBuckets)) continue;
    day[kDayBuckets - 1 - static_cast<std::size_t>(age)] = &bucket;
  }
  return day;
}

Shape ShapeOf(const PastBucket* bucket) {
  if (bucket == nullptr) return Shape::kGap;
  if (bucket->median) return Shape::kLine;
  return bucket->rounds > 0 || bucket->sent > 0 ? Shape::kDead : Shape::kGap;
}

// 1, 2 or 5 times a power of ten, not below `value`.
double NiceCeiling(double value) {
  const double power = std::pow(10, std::floor(std::log10(std::max(value, 0.01))));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (value <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

double Millis(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class Plot {
 public:
  Plot(std::string_view title, const Past& past, WallTime now)
      : title_(title), day_(Arrange(past, now)) {
    double most = 0;
    for (const PastBucket* bucket : day_) {
      if (bucket == nullptr || !bucket->median) continue;
      most = std::max(most, Millis(bucket->p90.value_or(*bucket->median)));
      medians_.push_back(*bucket->median);
      if (bucket->p10) lows_.push_back(*bucket->p10);
      if (bucket->p90) highs_.push_back(*bucket->p90);
    }
    ceiling_ = NiceCeiling(most);
  }

  std::string Draw() {
    std::string shapes;
    for (std::size_t from = 0; from < day_.size();) {
      const Shape shape = ShapeOf(day_[from]);
      std::size_t to = from;
      while (to < day_.size() && ShapeOf(day_[to]) == shape) ++to;
      shapes += Run(shape, from, to);
      from = to;
    }
    if (gaps_ == day_.size()) return "";
    return fmt::format(
        R"(<figure><svg class="lat" viewBox="0 0 {} 168" role="img" aria-label="{}, last 24 hours: {}">{}{}{}</svg><figcaption class="mut"><b>{}</b>, 24 hours: {}</figcaption></figure>)",
        kRight + 8, http::EscapeHtml(title_), InWords(), Grid(), shapes, Losses(),
        http::EscapeHtml(title_), InWords());
  }

 private:
  static int X(std::size_t bucket) { return kLeft + kStep * static_cast<int>(bucket); }

  int Y(Duration value) const {
    return kBase - static_cast<int>(std::lround(Millis(value) / ceiling_ * (kBase - kTop)));
  }

  std::string Grid() const {
    std::string grid;
    for (const int part : {0, 1, 2}) {
      const int y = kBase - (kBase - kTop) * part / 2;
      grid += fmt::format(
          R"(<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{:g}</text>)",
          kLeft, y, kRight, kLeft - 6, y + 6, ceiling_ * part / 2);
    }
    grid += fmt::format(
        R"(<text x="{}" y="24">ms</text><text x="{}" y="164">24 h ago</text><text x="{}" y="164" text-anchor="middle">12 h</text><text x="{}" y="164" text-anchor="end">now</text>)",
        kLeft + 4, kLeft, (kLeft + kRight) / 2, kRight);
    return grid;
  }

  std::string Run(Shape shape, std::size_t from, std::size_t to) {
    switch (shape) {
      case Shape::kGap:
        gaps_ += to - from;
        return fmt::format(R"(<path class="gap" d="M{} {}H{}V{}H{}z"/>)", X(from), kTop, X(to),
                           kBase, X(from));
      case Shape::kDead:
        dead_ += to - from;
        return fmt::format(R"(<path class="dead" d="M{} {}H{}V{}H{}z"/>)", X(from), kTop, X(to),
                           kBase, X(from));
      case Shape::kLine:
        break;
    }
    return Band(from, to) + Line(from, to);
  }

  // A single quarter hour is as wide as itself.
  std::string Line(std::size_t from, std::size_t to) const {
    int y = Y(*day_[from]->median);
    std::string path = fmt::format("M{} {}h{}", X(from), y, kStep / 2);
    for (std::size_t i = from + 1; i < to; ++i) {
      const int next = Y(*day_[i]->median);
      path += next == y ? fmt::format("h{}", kStep) : fmt::format("l{} {}", kStep, next - y);
      y = next;
    }
    return fmt::format(R"(<path class="med" d="{}h{}"/>)", path, kStep / 2);
  }

  std::string Band(std::size_t from, std::size_t to) const {
    const auto high = [&](std::size_t i) { return Y(day_[i]->p90.value_or(*day_[i]->median)); };
    const auto low = [&](std::size_t i) { return Y(day_[i]->p10.value_or(*day_[i]->median)); };
    int y = high(from);
    std::string path = fmt::format("M{} {}h{}", X(from), y, kStep / 2);
    const auto step = [&](int dx, int next) {
      path += next == y ? fmt::format("h{}", dx) : fmt::format("l{} {}", dx, next - y);
      y = next;
    };
    for (std::size_t i = from + 1; i < to; ++i) step(kStep, high(i));
    path += fmt::format("h{}V{}h{}", kStep / 2, low(to - 1), -kStep / 2);
    y = low(to - 1);
    for (std::size_t i = to - 1; i > from; --i) step(-kStep, low(i - 1));
    return fmt::format(R"(<path class="band" d="{}h{}z"/>)", path, -kStep / 2);
  }

  std::string Losses() const {
    std::string path;
    for (std::size_t i = 0; i < day_.size(); ++i) {
      if (day_[i] == nullptr || day_[i]->lost == 0) continue;
      path += fmt::format("M{} {}l4-9 4 9z", X(i) - 1, kLossRow);
    }
    return path.empty() ? "" : fmt::format(R"(<path class="fail" d="{}"/>)", path);
  }

  static Duration Middle(std::vector<Duration> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  std::string InWords() const {
    std::string words = "no answer";
    if (!medians_.empty()) {
      words = "median " + diagnosis::Milliseconds(Middle(medians_));
      if (!lows_.empty() && !highs_.empty()) {
        words += fmt::format(" (10–90 %: {} to {})", diagnosis::Milliseconds(Middle(lows_)),
                             diagnosis::Milliseconds(Middle(highs_)));
      }
    }
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    for (const PastBucket* bucket : day_) {
      if (bucket == nullptr) continue;
      sent += bucket->sent;
      lost += bucket->lost;
    }
    if (sent > 0) words += fmt::format(", {} of {} packets lost", lost, sent);
    if (dead_ > 0) words += ", nothing came back for " + AgeText(kBucketWidth * dead_);
    if (gaps_ > 0) words += ", not measured for " + AgeText(kBucketWidth * gaps_);
    return words;
  }

  const std::string_view title_;
  const Day day_;
  std::vector<Duration> medians_, lows_, highs_;
  double ceiling_ = 1;  // ms at the top of the axis
  std::size_t gaps_ = 0;
  std::size_t dead_ = 0;
};

}  // namespace

std::string LatencyPlot(std::string_view title, const Past& past, WallTime now) {
  return Plot(title, past, now).Draw();
}

}  // namespace derp::probe
