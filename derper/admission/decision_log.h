// A line per decision, limited per cause: strangers decide how many there are.
#pragma once

#include "common/base/cause_log.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "derper/admission/decision.h"
#include "derper/relay/admission_port.h"

namespace derp::admission {

// Any thread.
class DecisionLog {
 public:
  // Both outlive the log.
  DecisionLog(const Logger& logger, const Clock& clock, CauseLogLimits limits)
      : logger_(logger), causes_(logger, clock, limits) {}

  void Write(const relay::AdmissionQuestion& question, const Decided& decided);

 private:
  const Logger& logger_;
  CauseLog causes_;
};

}  // namespace derp::admission
