// The pages.
#include "common/cli/version.h"
#include "derper/server.h"

namespace derp::relay {

Expected<void, Error> Server::MakeSite() {
  auto access = http::DebugAccess::FromEnvironment(environment_);
  if (!access) return Fail(access.error());
  auto site = MainSite::Make({.hostname = plan_.tls ? options_.hostname : std::string(),
                              .version = cli::Version(),
                              .home = options_.home,
                              .derp = options_.derp,
                              .dev = options_.dev,
                              .has_mesh_key = mesh_keys_ != nullptr,
                              .tls_port = plan_.main.port},
                             std::move(*access), registry_, clock_);
  if (!site) return Fail(site.error());
  site_ = std::move(*site);
  return {};
}

}  // namespace derp::relay
