#include "derper/admission/stats.h"

#include <string>
#include <utility>

#include "common/base/result.h"

namespace derp::admission {
namespace {

using metrics::Family;
using metrics::Kind;
using metrics::Labels;

constexpr std::array kAsked = {MethodKind::kTailscaled, MethodKind::kUrl};

Family& Begin(std::vector<Family>& out, std::string name, Kind kind, std::string help) {
  out.push_back({.name = std::move(name), .kind = kind, .help = std::move(help), .samples = {}});
  return out.back();
}

void Add(Family& family, Labels labels, double value) {
  family.samples.push_back({.labels = std::move(labels), .value = value, .histogram = {}});
}

}  // namespace

std::size_t RowOf(MethodKind method, Outcome outcome, Reason reason) {
  for (std::size_t i = 0; i < kVerdictRows.size(); ++i) {
    const VerdictRow& row = kVerdictRows[i];
    if (row.method == method && row.outcome == outcome && row.reason == reason) return i;
  }
  Check(false, "a verdict that is in no row");
  return 0;
}

void Stats::CountVerdict(MethodKind method, const Verdict& verdict) {
  verdicts_[RowOf(method, verdict.outcome, verdict.reason)].fetch_add(1);
}

void Stats::CountQuestion(MethodKind method, Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  PerMethod& counts = Of(method);
  counts.took[bucket].fetch_add(1);
  counts.took_micros.fetch_add(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
}

void Stats::Append(std::vector<Family>& out) const {
  Family& clients = Begin(out, "derper_admission_clients", Kind::kCounter,
                          "Clients that were decided about, by outcome.");
  Add(clients, {{"outcome", "admitted"}}, static_cast<double>(admitted_.load()));
  Add(clients, {{"outcome", "refused"}}, static_cast<double>(refused_.load()));

  Family& decisions = Begin(out, "derper_admission_decisions", Kind::kCounter,
                            "What each method said about clients, and why.");
  for (std::size_t i = 0; i < kVerdictRows.size(); ++i) {
    const VerdictRow& row = kVerdictRows[i];
    Add(decisions,
        {{"method", std::string(Label(row.method))},
         {"outcome", std::string(Label(row.outcome))},
         {"reason", std::string(Label(row.reason))}},
        static_cast<double>(verdicts_[i].load()));
  }

  Family& hits = Begin(out, "derper_admission_cache_hits", Kind::kCounter,
                       "Clients for which a method's earlier answer was used again.");
  for (const MethodKind kind : kAsked) {
    Add(hits, {{"method", std::string(Label(kind))}},
        static_cast<double>(Of(kind).cache_hits.load()));
  }
  Family& entries =
      Begin(out, "derper_admission_cache_entries", Kind::kGauge, "Answers that are remembered.");
  Add(entries, {}, static_cast<double>(cache_entries_.load()));
  Family& waiting = Begin(out, "derper_admission_waiting", Kind::kGauge,
                          "Clients that wait for a method's answer.");
  Add(waiting, {}, static_cast<double>(waiting_.load()));

  Family& took = Begin(out, "derper_admission_seconds", Kind::kHistogram,
                       "How long a question to a method took, waiting included.");
  for (const MethodKind kind : kAsked) {
    metrics::Sample sample;
    sample.labels = {{"method", std::string(Label(kind))}};
    for (std::size_t i = 0; i <= kBounds.size(); ++i) {
      sample.histogram.count += Of(kind).took[i].load();
      if (i == kBounds.size()) break;
      sample.histogram.buckets.emplace_back(kBounds[i], sample.histogram.count);
    }
    sample.histogram.sum = static_cast<double>(Of(kind).took_micros.load()) / 1e6;
    took.samples.push_back(std::move(sample));
  }
}

}  // namespace derp::admission
