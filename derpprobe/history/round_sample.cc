#include "derpprobe/history/round_sample.h"

#include <algorithm>

namespace derp::probe {

namespace {

using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::Stage;

void Count(int sent, int answered, RoundSample& sample) {
  if (sent <= 0) return;
  sample.sent += static_cast<std::uint32_t>(sent);
  sample.lost += static_cast<std::uint32_t>(std::max(0, sent - answered));
}

}  // namespace

RoundSample SampleOf(const NodeReport& judged) {
  RoundSample sample;
  sample.verdict = judged.verdict;
  sample.round_trip = judged.relay_rtt ? judged.relay_rtt : judged.StunRtt();
  Count(judged.relay_sent, judged.relay_received, sample);
  for (const auto& target : judged.targets) {
    const diagnosis::StageResult* stun = judged.Find(Stage::kStun, target.family);
    if (stun == nullptr || stun->outcome == Outcome::kSkipped ||
        stun->outcome == Outcome::kNotReached) {
      continue;
    }
    Count(target.stun_sent, static_cast<int>(target.stun_rtts.size()), sample);
  }
  return sample;
}

RoundSample SampleOf(diagnosis::Verdict verdict, const std::vector<const NodeReport*>& nodes) {
  RoundSample all;
  all.verdict = verdict;
  for (const NodeReport* node : nodes) {
    const RoundSample one = SampleOf(*node);
    all.sent += one.sent;
    all.lost += one.lost;
    if (one.round_trip && (!all.round_trip || *one.round_trip < *all.round_trip)) {
      all.round_trip = one.round_trip;
    }
  }
  return all;
}

}  // namespace derp::probe
