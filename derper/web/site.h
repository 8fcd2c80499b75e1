// What a browser, a captive-portal check, a latency probe or a metrics scraper gets from the
// relay's listeners: everything but the DERP stream (derper.md 2).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/base/result.h"
#include "common/http/debug_access.h"
#include "common/http/request.h"
#include "common/http/responder.h"
#include "common/http/router.h"
#include "common/metrics/registry.h"
#include "derper/web/bootstrap_dns.h"
#include "derper/web/debug_site.h"

namespace derp::relay {

struct SiteSettings {
  std::string hostname{};
  std::string version{};
  std::string home{};  // -home
  bool derp = true;    // off: /derp answers 404 and the home page says "disabled"
  bool dev = false;    // denials of debug pages say how to get in
  bool has_mesh_key = false;
  bool debug_elsewhere = false;          // -debug-addr: the debug pages are not on these listeners
  std::uint16_t tls_port = 443;          // where the plain listener sends people
  std::vector<std::string> arguments{};  // the command line, without secrets
  BootstrapNames bootstrap_names{};
};

// What -home may be: empty, "blank" or a URL.
bool IsHomeValue(std::string_view home);

// Control thread only.
class MainSite {
 public:
  // Fails on a -home that is neither empty, "blank" nor a URL.
  static Expected<std::unique_ptr<MainSite>, Error> Make(SiteSettings settings,
                                                         http::DebugAccess access,
                                                         const SiteParts& parts);

  // The port that TLS really listens on, when the flag left the choice to the system.
  void SetTlsPort(std::uint16_t port) { settings_.tls_port = port; }

  DebugSite& debug() { return debug_; }
  BootstrapDns& bootstrap_dns() { return bootstrap_dns_; }

  void Handle(http::Request request, http::Responder responder);

  // The plain listener beside TLS: captive-portal check and debug pages as above, all else goes to
  // HTTPS (derper.md 2.8).
  void HandlePlain(http::Request request, http::Responder responder);

  // The listener of -debug-addr: the debug pages and nothing else.
  void HandleDebugOnly(http::Request request, http::Responder responder);

  metrics::Registry::Source MetricsSource() const;

 private:
  MainSite(SiteSettings settings, http::DebugAccess access, const SiteParts& parts);
  void AddRoutes();
  void AddDebugRoutes();
  http::Response Home(const http::Request& request) const;
  bool ShowsDebug(const http::Request& request) const;
  void WarnOfHiddenProxy(const http::Request& request);

  SiteSettings settings_;
  const http::DebugAccess access_;
  const Logger& logger_;
  bool warned_of_proxy_ = false;
  BootstrapDns bootstrap_dns_;
  DebugSite debug_;
  http::Router router_;
};

}  // namespace derp::relay
