// What a request may start: one probe, all probes, a target of its own, a reload. Each runs in a
// thread of a small pool; what does not fit is refused with 503 instead of queued without end.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/diagnosis/worker_pool.h"
#include "common/http/request.h"
#include "common/http/responder.h"
#include "derpprobe/schedule/probe_table.h"
#include "derpprobe/service/go_json.h"
#include "derpprobe/service/prober.h"
#include "derpprobe/service/target_probe.h"

namespace derp::probe {

struct OnDemandParts {
  Prober& prober;
  ProbeTable& table;
  const diagnosis::WalkContext& context;
  std::vector<std::string> probe_allow;
};

// Called in the server's thread; the responders are used in the pool's.
class OnDemand {
 public:
  static constexpr std::size_t kAtOnce = 4;
  static constexpr std::size_t kWaiting = 16;

  explicit OnDemand(OnDemandParts parts);
  ~OnDemand();  // waits for what is under way; what only waits is refused

  void RunOne(const http::Request& request, http::Responder responder);     // derpprobe.md 7.1
  void RunAll(const http::Request& request, http::Responder responder);     // 7.2
  void RunTarget(const http::Request& request, http::Responder responder);  // 7.3
  void Reload(const std::function<Expected<void, Error>()>& reload, http::Responder responder);

 private:
  void Post(http::Responder responder, std::function<http::Response()> work);
  // The record after a run; empty when there is no such probe.
  std::optional<ProbeRun> Run(const std::string& name);
  http::Response AllReply(const std::vector<std::string>& excluded);

  const OnDemandParts parts_;
  const TargetProbe target_probe_;
  std::atomic<std::size_t> waiting_ = 0;  // under way included
  std::atomic<bool> stopping_ = false;
  diagnosis::WorkerPool pool_;  // last: its threads use the members above
};

}  // namespace derp::probe
