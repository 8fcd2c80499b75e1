#include "derper/admission/decision_log.h"

#include <string>

#include <fmt/format.h>

namespace derp::admission {

void DecisionLog::Write(const relay::AdmissionQuestion& question, const Decided& decided) {
  if (decided.admitted && !decided.fail_open) {
    logger_.Debug("derp: {}: client {} admitted: {} {}", question.remote.ToString(),
                  question.key.ToString(), Label(decided.method), Label(decided.reason));
    return;
  }
  const std::string cause =
      fmt::format("{} {} {}", Label(decided.method), Label(decided.reason), decided.admitted);
  if (decided.admitted) {
    causes_.Warn(cause, "derp: {}: admission controller unreachable; allowing client {} ({})",
                 question.remote.ToString(), question.key.ToString(), decided.text);
  } else {
    causes_.Info(cause, "derp: {}: client {} rejected: {}", question.remote.ToString(),
                 question.key.ToString(), decided.text);
  }
}

}  // namespace derp::admission
