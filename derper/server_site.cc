// Pages: the site behind the listeners, the listener of -debug-addr, names for /bootstrap-dns.
#include "common/base/file.h"
#include "common/cli/version.h"
#include "derper/command_line.h"
#include "derper/server.h"

namespace derp::relay {

Expected<void, Error> Server::MakeSite() {
  auto access = http::DebugAccess::FromEnvironment(environment_);
  if (!access) return Fail(access.error());
  BootstrapNames names{
      .published = ParseBootstrapNames(options_.bootstrap_dns_names),
      .unpublished = ParseBootstrapNames(options_.unpublished_bootstrap_dns_names)};
  auto site = MainSite::Make({.hostname = plan_.tls ? options_.hostname : std::string(),
                              .version = cli::Version(),
                              .home = options_.home,
                              .derp = options_.derp,
                              .dev = options_.dev,
                              .has_mesh_key = mesh_keys_ != nullptr,
                              .debug_elsewhere = plan_.debug.has_value(),
                              .tls_port = plan_.main.port,
                              .arguments = ShownCommandLine(),
                              .bootstrap_names = names},
                             std::move(*access), {registry_, control_, clock_, random_, logger_});
  if (!site) return Fail(site.error());
  site_ = std::move(*site);
  if (!names.empty()) {
    bootstrap_lookup_ = std::make_unique<BootstrapLookup>(
        control_, logger_, std::move(names), SystemBootstrapSources(),
        [this](const BootstrapFindings& found) { site_->bootstrap_dns().Update(found); });
    bootstrap_lookup_->Start();
  }
  return {};
}

Expected<void, Error> Server::StartDebugListener() {
  site_->debug().AddCheck([this](auto done) { relay_->CheckConsistency(std::move(done)); });
  if (gate_) {
    site_->debug().AddCheck([this](auto done) {
      gate_->SelfTest([this, done](const std::vector<admission::SelfTestResult>& results) {
        std::vector<std::string> problems;
        for (const auto& result : results) {
          if (!result.good) problems.push_back(result.text);
        }
        control_.Post([done, problems] { done(problems); });
      });
    });
  }
  if (!plan_.debug) return {};
  auto server = http::Server::Start(
      control_, *plan_.debug, [this](http::Request request, http::Responder responder) {
        site_->HandleDebugOnly(std::move(request), std::move(responder));
      });
  if (!server) return Fail(Within("-debug-addr", server.error()));
  debug_server_ = std::move(*server);
  logger_.Info("derper: serving debug pages on {}", debug_server_->address().ToString());
  return {};
}

}  // namespace derp::relay
