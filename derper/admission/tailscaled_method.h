// -verify-clients: asks a tailscaled on this machine whether it knows the client's key
// (derp-protocol.md 5.9 b). Each question dials anew, so a socket that was made again is found.
#pragma once

#include <optional>
#include <string>

#include "common/base/mutex.h"
#include "derper/admission/method.h"

namespace derp::admission {

class TailscaledMethod final : public Method {
 public:
  // While `clock` is before `patient_until`, a failing connect is tried again every 250 ms: both
  // programs may have been started together.
  TailscaledMethod(std::string socket, TimePoint patient_until, const Clock& clock);

  MethodKind kind() const override { return MethodKind::kTailscaled; }
  std::string Name() const override { return "tailscaled at " + socket_; }
  Verdict Ask(const Question& question, const AskContext& context) override;
  Verdict Unanswered(const Question& question) const override;
  Expected<std::string, Error> SelfTest(const AskContext& context) override;

 private:
  Expected<http::FetchResponse, Error> Get(const std::string& path, const AskContext& context);
  Expected<NodePublic, Error> AskOwnKey(const AskContext& context);
  bool IsOwnNode(const NodePublic& key, const AskContext& context);
  Verdict Judge(const Question& question, const http::FetchResponse& response,
                const AskContext& context);

  const std::string socket_;
  const TimePoint patient_until_;
  const Clock& clock_;

  Mutex mutex_;
  std::optional<NodePublic> own_key_ DERP_GUARDED_BY(mutex_);
  TimePoint own_key_asked_ DERP_GUARDED_BY(mutex_){};
};

}  // namespace derp::admission
