// A method that says what a test tells it to, when the test lets it.
#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "derper/admission/method.h"

namespace derp::test {

class ScriptedMethod final : public admission::Method {
 public:
  using Script =
      std::function<admission::Verdict(const admission::Question&, const admission::AskContext&)>;
  explicit ScriptedMethod(Script script) : script_(std::move(script)) {}

  admission::MethodKind kind() const override { return admission::MethodKind::kUrl; }
  std::string Name() const override { return "the script"; }
  admission::Verdict Ask(const admission::Question& question,
                         const admission::AskContext& context) override {
    ++asked;
    return script_(question, context);
  }
  admission::Verdict Unanswered(const admission::Question&) const override {
    return {.outcome = admission::Outcome::kAbstain, .reason = admission::Reason::kTimeout};
  }
  Expected<std::string, Error> SelfTest(const admission::AskContext& context) override {
    const admission::Verdict verdict = script_({.key = {}, .remote = {}}, context);
    if (verdict.outcome == admission::Outcome::kAdmit) return std::string("good");
    return Fail(Error{.code = ErrorCode::kSystem, .context = verdict.text});
  }

  std::atomic<int> asked = 0;

 private:
  const Script script_;
};

// Keeps threads waiting until it is opened; not for ever, so that a failing test ends.
class Barrier {
 public:
  void Open() { open_.Set(); }
  void Wait() { (void)open_.WaitUntil(SystemClock().Now() + std::chrono::seconds(20)); }

 private:
  admission::StopSignal open_;
};

}  // namespace derp::test
