// The HTTP surface of the service (derpprobe.md 7): which path answers what, and who may see it.
// Open are the status page, /healthz, /readyz and /explain/; the rest follows the debug rule, and
// what runs a probe or reloads refuses requests that a page of another site may have caused.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/http/debug_access.h"
#include "common/http/router.h"
#include "common/metrics/registry.h"
#include "derpprobe/service/board.h"
#include "derpprobe/service/on_demand.h"
#include "derpprobe/service/prober.h"
#include "derpprobe/service/request_log.h"
#include "derpprobe/service/status_page.h"

namespace derp::probe {

// All outlive the site; `registry` is complete.
struct SiteParts {
  Board& board;
  Prober& prober;
  ProbeTable& table;
  const metrics::Registry& registry;
  const diagnosis::WalkContext& context;
  const Clock& clock;
  const Logger& logger;
};

struct SiteOptions {
  http::DebugAccess access;
  std::string vantage;
  std::vector<std::string> probe_allow;  // HOST:PORT
  // Reads everything anew; runs in a thread of the site.
  std::function<Expected<void, Error>()> reload;
};

class Site {
 public:
  Site(const SiteParts& parts, SiteOptions options);

  // For http::Server; runs in the loop's thread and never blocks: what takes time runs elsewhere.
  void Handle(http::Request request, http::Responder responder) const;

 private:
  void AddOpenPages();
  void AddRestrictedPages();
  void AddActions();
  http::Handler Restricted(http::Handler handler) const;
  http::Handler SameSite(http::Handler handler) const;  // restricted, and no other site's doing
  PageOptions Options(const http::Request& request) const;
  http::Response StatusPageReply(const http::Request& request) const;
  http::Response DebugIndex() const;
  http::Handler Logged(http::Handler handler);

  const SiteParts parts_;
  const SiteOptions options_;
  const WallTime started_;
  RequestLog log_;
  http::Router router_;
  mutable OnDemand on_demand_;
};

}  // namespace derp::probe
