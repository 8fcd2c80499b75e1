// -verify-client-url: asks an admission controller by POST, as headscale's /verify wants it
// (derp-protocol.md 5.9 c).
#pragma once

#include <string>

#include "derper/admission/method.h"

namespace derp::admission {

class UrlMethod final : public Method {
 public:
  // `fail_open`: abstain when there is no HTTP response at all. `self` is the relay's own key, for
  // the self-test.
  static Expected<void, Error> Check(std::string_view url);
  UrlMethod(std::string url, bool fail_open, NodePublic self);

  MethodKind kind() const override { return MethodKind::kUrl; }
  std::string Name() const override;
  Verdict Ask(const Question& question, const AskContext& context) override;
  Verdict Unanswered(const Question& question) const override;
  Expected<std::string, Error> SelfTest(const AskContext& context) override;

 private:
  http::FetchRequest Request(const NodePublic& key, const std::string& source,
                             const AskContext& context) const;
  std::string Shown(const Error& error) const;
  Verdict NoResponse(Reason reason, std::string text) const;
  Verdict Judge(const Question& question, const http::FetchResponse& response) const;

  const std::string url_;
  const bool fail_open_;
  const NodePublic self_;
};

}  // namespace derp::admission
