// What admission counts. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "derper/admission/verdict.h"

namespace derp::admission {

// Everything that a method can say, and so every row of the decisions.
struct VerdictRow {
  MethodKind method;
  Outcome outcome;
  Reason reason;
};
inline constexpr std::array kVerdictRows = {
    VerdictRow{MethodKind::kDenyFile, Outcome::kRefuse, Reason::kListed},
    VerdictRow{MethodKind::kAllowFile, Outcome::kAdmit, Reason::kListed},
    VerdictRow{MethodKind::kAllowFile, Outcome::kRefuse, Reason::kNotListed},
    VerdictRow{MethodKind::kTailscaled, Outcome::kAdmit, Reason::kKnown},
    VerdictRow{MethodKind::kTailscaled, Outcome::kAdmit, Reason::kOwnNode},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kNotFound},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kTooOld},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kAccessDenied},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kBadStatus},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kBadAnswer},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kUnreachable},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kTimeout},
    VerdictRow{MethodKind::kTailscaled, Outcome::kRefuse, Reason::kBusy},
    VerdictRow{MethodKind::kUrl, Outcome::kAdmit, Reason::kAllowed},
    VerdictRow{MethodKind::kUrl, Outcome::kAbstain, Reason::kUnreachable},
    VerdictRow{MethodKind::kUrl, Outcome::kAbstain, Reason::kTimeout},
    VerdictRow{MethodKind::kUrl, Outcome::kRefuse, Reason::kDenied},
    VerdictRow{MethodKind::kUrl, Outcome::kRefuse, Reason::kBadStatus},
    VerdictRow{MethodKind::kUrl, Outcome::kRefuse, Reason::kBadAnswer},
    VerdictRow{MethodKind::kUrl, Outcome::kRefuse, Reason::kUnreachable},
    VerdictRow{MethodKind::kUrl, Outcome::kRefuse, Reason::kTimeout},
    VerdictRow{MethodKind::kUrl, Outcome::kRefuse, Reason::kBusy},
};

// Which row; a verdict that is none of them is a mistake of ours.
std::size_t RowOf(MethodKind method, Outcome outcome, Reason reason);

class Stats {
 public:
  // One verdict for one client, cached ones included.
  void CountVerdict(MethodKind method, const Verdict& verdict);
  void CountClient(bool admitted) { (admitted ? admitted_ : refused_).fetch_add(1); }
  void CountCacheHit(MethodKind method) { Of(method).cache_hits.fetch_add(1); }
  // A question that was asked, from coming to its answer.
  void CountQuestion(MethodKind method, Duration took);
  void ChangeWaiting(std::int64_t by) { waiting_.fetch_add(by); }
  void SetCacheEntries(std::size_t entries) { cache_entries_ = entries; }

  // derper_admission_*: every row from the start.
  void Append(std::vector<metrics::Family>& out) const;

 private:
  static constexpr std::array<double, 11> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                     0.1,   0.25,   0.5,   1,    2.5};
  struct PerMethod {
    std::atomic<std::uint64_t> cache_hits{0};
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> took{};
    std::atomic<std::int64_t> took_micros{0};
  };
  PerMethod& Of(MethodKind method) { return methods_[static_cast<std::size_t>(method)]; }
  const PerMethod& Of(MethodKind method) const {
    return methods_[static_cast<std::size_t>(method)];
  }

  std::array<std::atomic<std::uint64_t>, kVerdictRows.size()> verdicts_{};
  std::atomic<std::uint64_t> admitted_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::array<PerMethod, kMethodKinds> methods_;
  std::atomic<std::int64_t> waiting_{0};
  std::atomic<std::size_t> cache_entries_{0};
};

}  // namespace derp::admission
