#include "derpprobe/once/marks.h"

namespace derp::probe {

using cli::Mark;
using diagnosis::Outcome;
using diagnosis::Verdict;

Mark MarkOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUsable:
      return Mark::kOk;
    case Verdict::kImpaired:
      return Mark::kWarn;
    case Verdict::kUnusable:
      return Mark::kFail;
    case Verdict::kUnknown:
      return Mark::kUnknown;
  }
  return Mark::kUnknown;
}

Mark MarkOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return Mark::kOk;
    case Outcome::kWarn:
      return Mark::kWarn;
    case Outcome::kFail:
      return Mark::kFail;
    case Outcome::kSkipped:
      return Mark::kSkipped;
    case Outcome::kNotReached:
      return Mark::kNotReached;
  }
  return Mark::kUnknown;
}

}  // namespace derp::probe
