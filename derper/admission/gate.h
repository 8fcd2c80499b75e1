// Who may use the relay (derp-protocol.md 5.9): the deny file wins, then the allow file admits,
// then the methods decide, all asked at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/cause_log.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/metrics/registry.h"
#include "derper/admission/self_tester.h"
#include "derper/relay/admission_port.h"

namespace derp::admission {

struct GateOptions {
  std::vector<std::string> sockets{};  // -verify-clients: of tailscaled
  std::vector<std::string> urls{};     // -verify-client-url
  bool fail_open = true;               // -verify-client-url-fail-open
  bool any = false;                    // -verify-mode any
  std::string allow_file{};
  std::string deny_file{};
  NodePublic self{};  // the relay's own key
  CauseLogLimits log_limits{};
};

class Gate final : public relay::AdmissionPort {
 public:
  // Reads the files and starts the methods' threads; asks nobody yet. With no method and no file
  // the gate is open. `clock` and `logger` outlive it.
  static Expected<std::unique_ptr<Gate>, Error> Make(const GateOptions& options, const Clock& clock,
                                                     const Logger& logger);
  ~Gate() override;  // stops as well, joins the threads

  bool is_open() const;  // no rule at all: everybody may enter
  // The rules in words, without secrets: "tailscaled at …, deny file …".
  std::string Describe() const;

  void Ask(const relay::AdmissionQuestion& question, Answer answer) override;

  // Control thread. Reads the files again; a bad one keeps both as they were.
  Expected<std::string, Error> Reload();

  // Asks each method about itself; see SelfTester. For /debug/check.
  void SelfTest(SelfTestDone done);
  // The same for the start: logs what it finds.
  void LogSelfTest();

  // Any thread. From now on everybody is refused, also who waits. The threads end within about a
  // second.
  void Stop();

  // derper_admission_*: every row from the start, also where there is no gate. Any thread; may
  // outlive the gate.
  metrics::Registry::Source MetricsSource() const;
  static metrics::Registry::Source MetricsOfNone();

 private:
  struct Impl;
  explicit Gate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace derp::admission
