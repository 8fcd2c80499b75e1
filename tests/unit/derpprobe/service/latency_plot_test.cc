#include "derpprobe/service/page/latency_plot.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::probe;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kNewest = 2'000'000;
const WallTime kNow = FromUnixSeconds(kNewest * 900 + 1);

PastBucket Quarter(std::int64_t age, int median) {
  PastBucket bucket;
  bucket.number = kNewest - age;
  bucket.rounds = 60;
  bucket.available = 60;
  bucket.worst = diagnosis::Verdict::kUsable;
  bucket.p10 = milliseconds(median - 5);
  bucket.median = milliseconds(median);
  bucket.p90 = milliseconds(median + 10);
  bucket.sent = 1200;
  return bucket;
}

PastBucket Dead(std::int64_t age) {
  PastBucket bucket;
  bucket.number = kNewest - age;
  bucket.rounds = 60;
  bucket.worst = diagnosis::Verdict::kUnusable;
  bucket.sent = 300;
  bucket.lost = 300;
  return bucket;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t CountOf(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("the axis begins at zero and ends at a round number above the band", "[service]") {
  Past past;
  for (int age = 95; age >= 0; --age) past.day.push_back(Quarter(age, 20));
  const std::string plot = LatencyPlot("Round trip", past, kNow);
  CHECK(Has(plot, R"(text-anchor="end">0</text>)"));
  CHECK(Has(plot, R"(text-anchor="end">25</text>)"));
  CHECK(Has(plot, R"(text-anchor="end">50</text>)"));
  CHECK(Has(plot, "median 20.0 ms (10–90 %: 15.0 ms to 30.0 ms), 0 of 115200 packets lost"));
  CHECK_FALSE(Has(plot, "class=\"gap\""));
  CHECK_FALSE(Has(plot, "class=\"fail\""));
}

TEST_CASE("a gap is dashed, a dead quarter solid, and the line breaks at both", "[service]") {
  Past past;
  past.day = {Quarter(95, 20), Quarter(94, 21), Dead(93), Quarter(90, 20)};
  const std::string plot = LatencyPlot("Round trip", past, kNow);
  CHECK(CountOf(plot, "class=\"med\"") == 2);
  CHECK(CountOf(plot, "class=\"dead\"") == 1);
  CHECK(CountOf(plot, "class=\"gap\"") == 2);
  CHECK(Has(plot, "nothing came back for 15 min"));
  CHECK(Has(plot, "not measured for 23 h 0 min"));
}

TEST_CASE("lost packets are triangles under their quarter", "[service]") {
  Past past;
  past.day = {Quarter(1, 20), Quarter(0, 20)};
  past.day[1].lost = 3;
  const std::string plot = LatencyPlot("Round trip", past, kNow);
  CHECK(Has(plot, R"(<path class="fail" d="M625 144l4-9 4 9z"/>)"));
  CHECK(Has(plot, "3 of 2400 packets lost"));
}

TEST_CASE("total loss for a whole day is drawn, never blank", "[service]") {
  Past past;
  for (int age = 95; age >= 0; --age) past.day.push_back(Dead(age));
  const std::string plot = LatencyPlot("Round trip", past, kNow);
  CHECK(Has(plot, "class=\"dead\" d=\"M56 8H632V128H56z\""));
  CHECK(Has(plot, "no answer"));
}

TEST_CASE("without any round there is no plot", "[service]") {
  CHECK(LatencyPlot("Round trip", Past{}, kNow).empty());
}

TEST_CASE("a hostile title stays text", "[service]") {
  Past past;
  past.day = {Quarter(0, 20)};
  CHECK_FALSE(Has(LatencyPlot("<script>\"", past, kNow), "<script>"));
}
