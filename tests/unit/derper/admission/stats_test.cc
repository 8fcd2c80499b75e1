#include "derper/admission/stats.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::admission;

namespace {

const metrics::Family& Find(const std::vector<metrics::Family>& families, std::string_view name) {
  for (const metrics::Family& family : families) {
    if (family.name == name) return family;
  }
  FAIL("no family " << name);
  return families.front();
}

}  // namespace

TEST_CASE("every row is there from the start, and no label is empty", "[admission]") {
  std::vector<metrics::Family> families;
  Stats().Append(families);
  CHECK(families.size() == 6);
  const metrics::Family& decisions = Find(families, "derper_admission_decisions");
  CHECK(decisions.samples.size() == kVerdictRows.size());
  std::set<metrics::Labels> rows;
  for (const metrics::Sample& sample : decisions.samples) {
    CHECK(sample.value == 0);
    for (const auto& [name, value] : sample.labels) CHECK_FALSE(value.empty());
    rows.insert(sample.labels);
  }
  CHECK(rows.size() == kVerdictRows.size());
  CHECK(Find(families, "derper_admission_clients").samples.size() == 2);
  CHECK(Find(families, "derper_admission_seconds").samples.size() == 2);
}

TEST_CASE("verdicts, clients and durations are counted where they belong", "[admission]") {
  Stats stats;
  stats.CountVerdict(MethodKind::kUrl, {.outcome = Outcome::kRefuse, .reason = Reason::kDenied});
  stats.CountClient(false);
  stats.CountCacheHit(MethodKind::kTailscaled);
  stats.CountQuestion(MethodKind::kUrl, std::chrono::milliseconds(20));
  stats.CountQuestion(MethodKind::kUrl, std::chrono::seconds(4));
  stats.ChangeWaiting(3);
  stats.ChangeWaiting(-1);
  std::vector<metrics::Family> families;
  stats.Append(families);
  double sum = 0;
  for (const metrics::Sample& sample : Find(families, "derper_admission_decisions").samples) {
    sum += sample.value;
    const bool ours =
        sample.labels ==
        metrics::Labels{{"method", "url"}, {"outcome", "refused"}, {"reason", "denied"}};
    CHECK(sample.value == (ours ? 1 : 0));
  }
  CHECK(sum == 1);
  CHECK(Find(families, "derper_admission_clients").samples[1].value == 1);
  CHECK(Find(families, "derper_admission_cache_hits").samples[0].value == 1);
  CHECK(Find(families, "derper_admission_waiting").samples[0].value == 2);
  const metrics::HistogramValue& took =
      Find(families, "derper_admission_seconds").samples[1].histogram;
  CHECK(took.count == 2);
  CHECK(took.sum == Approx(4.02));
  for (const auto& [bound, count] : took.buckets) CHECK(count == (bound >= 0.02 ? 1 : 0));
}
