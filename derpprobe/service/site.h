// The HTTP surface of the service (derpprobe.md 7): status page, metrics, probes on demand, and who
// may see what.
#pragma once

#include <memory>
#include <string>

#include "common/base/log.h"
#include "common/diagnosis/worker_pool.h"
#include "common/http/debug_access.h"
#include "common/http/router.h"
#include "common/metrics/registry.h"
#include "derpprobe/service/board.h"
#include "derpprobe/service/prober.h"

namespace derp::probe {

class Site {
 public:
  // What is handed in outlives the site; `registry` is complete.
  Site(Board& board, Prober& prober, ProbeTable& table, const metrics::Registry& registry,
       http::DebugAccess access, std::string vantage, const Clock& clock, const Logger& logger);

  // For http::Server; runs in the loop's thread, probes on demand run in threads of the site.
  void Handle(http::Request request, http::Responder responder) const;

 private:
  http::Handler Restricted(http::Handler handler) const;
  http::Response StatusPageReply(const http::Request& request) const;
  http::Response DebugIndex() const;
  void ProbeRun(const http::Request& request, http::Responder responder) const;
  void LogRequest(const http::Request& request) const;

  Board& board_;
  Prober& prober_;
  ProbeTable& table_;
  const metrics::Registry& registry_;
  const http::DebugAccess access_;
  const std::string vantage_;
  const Clock& clock_;
  const Logger& logger_;
  const WallTime started_;
  http::Router router_;
  mutable diagnosis::WorkerPool on_demand_;
};

}  // namespace derp::probe
