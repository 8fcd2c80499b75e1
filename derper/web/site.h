// What a browser, a captive-portal check, a latency probe or a metrics scraper gets from the
// relay's listeners: everything but the DERP stream (derper.md 2).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/http/debug_access.h"
#include "common/http/request.h"
#include "common/http/response.h"
#include "common/http/router.h"
#include "common/metrics/registry.h"
#include "derper/web/bootstrap_dns.h"

namespace derp::relay {

struct SiteSettings {
  std::string hostname{};
  std::string version{};
  std::string home{};  // -home
  bool derp = true;    // off: /derp answers 404 and the home page says "disabled"
  bool dev = false;    // denials of debug pages say how to get in
  bool has_mesh_key = false;
  std::uint16_t tls_port = 443;  // where the plain listener sends people
};

// Control thread only.
class MainSite {
 public:
  // Fails on a -home that is neither empty, "blank" nor a URL. `registry` and `clock` outlive it.
  static Expected<std::unique_ptr<MainSite>, Error> Make(SiteSettings settings,
                                                         http::DebugAccess access,
                                                         const metrics::Registry& registry,
                                                         const Clock& clock);

  // The port that TLS really listens on, when the flag left the choice to the system.
  void SetTlsPort(std::uint16_t port) { settings_.tls_port = port; }

  http::Response Handle(const http::Request& request) const;

  // The plain listener beside TLS: captive-portal check and debug pages as above, all else goes to
  // HTTPS (derper.md 2.8).
  http::Response HandlePlain(const http::Request& request) const;

  metrics::Registry::Source MetricsSource() const;

 private:
  MainSite(SiteSettings settings, http::DebugAccess access, const metrics::Registry& registry,
           const Clock& clock);
  void AddRoutes();
  void AddDebugRoutes();
  http::Response Home(const http::Request& request) const;
  http::Response DebugIndex(const http::Request& request) const;
  http::Response Metrics(const http::Request& request) const;
  std::optional<http::Response> Denied(const http::Request& request, bool sub_page) const;

  SiteSettings settings_;
  const http::DebugAccess access_;
  const metrics::Registry& registry_;
  const Clock& clock_;
  const TimePoint started_;
  mutable BootstrapDns bootstrap_dns_;
  http::Router router_;
};

}  // namespace derp::relay
