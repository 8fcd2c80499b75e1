// The pages under /debug/ and their rule of access (derper.md 2.7, 2.9). Other parts add pages and
// checks of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/crypto/random.h"
#include "common/http/debug_access.h"
#include "common/http/request.h"
#include "common/http/responder.h"
#include "common/http/router.h"
#include "common/metrics/registry.h"
#include "common/net/event_loop.h"
#include "derper/web/pprof_pages.h"

namespace derp::relay {

struct DebugSettings {
  std::string hostname{};
  std::string version{};
  bool dev = false;  // denials say how to get in
  bool has_mesh_key = false;
  std::vector<std::string> arguments{};  // the command line, without secrets
};

// What the sites lean on; all of them outlive those. The loop is the control thread's.
struct SiteParts {
  const metrics::Registry& registry;
  net::EventLoop& loop;
  const Clock& clock;
  RandomSource& random;
  const Logger& logger;
};

struct DebugPage {
  std::string path;   // below /debug/; a '/' at its end serves everything below
  std::string title;  // in the index; empty: not listed
  http::DebugNeed need = http::DebugNeed::kPages;
  http::Handler handler;  // control thread
};

// Asks one part whether what it holds fits together and answers, in the control thread and perhaps
// later, with what does not: empty when all does.
using ConsistencyCheck = std::function<void(std::function<void(std::vector<std::string>)>)>;

// Control thread only.
class DebugSite {
 public:
  // `access` outlives the site.
  DebugSite(DebugSettings settings, const http::DebugAccess& access, const SiteParts& parts);

  // Before the first request.
  void Add(DebugPage page);
  void AddCheck(ConsistencyCheck check);

  // For /debug, everything below it, and /metrics.
  void Handle(http::Request request, http::Responder responder) const;

 private:
  void AddOwnPages();
  void Guard(const DebugPage& page, http::Request request, http::Responder responder) const;
  http::Response Index(const http::Request& request) const;
  http::Response Varz() const;
  http::Response Vars() const;
  void Check(http::Responder responder) const;
  http::Response CollectGarbage();

  const DebugSettings settings_;
  const http::DebugAccess& access_;
  const metrics::Registry& registry_;
  const Clock& clock_;
  const TimePoint started_;
  PprofPages pprof_;
  std::vector<std::pair<std::string, std::string>> listed_;  // path and title
  std::vector<ConsistencyCheck> checks_;
  http::Router router_;
};

}  // namespace derp::relay
