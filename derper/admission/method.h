// A way to learn whether a client may enter (derp-protocol.md 5.9): asks a service, blocking.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/http/fetch.h"
#include "derper/admission/stop_signal.h"
#include "derper/admission/verdict.h"
#include "derper/relay/admission_port.h"

namespace derp::admission {

using Question = relay::AdmissionQuestion;

// What a question is asked with.
struct AskContext {
  http::Fetcher& fetcher;  // of the asking thread; keeps connections
  TimePoint deadline;
  StopSignal& stop;
};

// Any thread, several at once.
class Method {
 public:
  virtual ~Method() = default;

  virtual MethodKind kind() const = 0;
  // For logs, without secrets: "tailscaled at /run/tailscale/tailscaled.sock".
  virtual std::string Name() const = 0;

  // Blocks until the deadline at most, more or less.
  virtual Verdict Ask(const Question& question, const AskContext& context) = 0;
  // The verdict on a client whose question got no answer in time.
  virtual Verdict Unanswered(const Question& question) const = 0;

  // Asks the service about itself or about this relay; says what it found, or what is wrong and
  // perhaps what to do about it.
  virtual Expected<std::string, Error> SelfTest(const AskContext& context) = 0;
};

}  // namespace derp::admission
