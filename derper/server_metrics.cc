// What the running server tells about itself.
#include "common/cli/version.h"
#include "derper/server.h"

namespace derp::relay {

void Server::AddMetrics() {
  registry_.Add(metrics::ProcessSource("derper", cli::Version()));
  registry_.Add(relay_->MetricsSource());
  registry_.Add(site_->MetricsSource());
  registry_.Add(gate_ ? gate_->MetricsSource() : admission::Gate::MetricsOfNone());
  if (stun_) registry_.Add(stun_->MetricsSource());
  if (certificates_) registry_.Add(certificates_->MetricsSource());
  if (mesh_) registry_.Add(mesh_->MetricsSource());
  if (limits_) registry_.Add(limits_->MetricsSource());
  registry_.Add(reloads_.MetricsSource());
}

void Server::LogAddresses() const {
  const std::vector<SocketAddress> addresses = relay_->Addresses();
  const bool as_given = !options_.dev && plan_.main.port != 0;
  logger_.Info("derper: serving on {}{}",
               as_given ? options_.address : addresses.front().ToString(),
               plan_.tls ? " with TLS" : "");
  if (addresses.size() > 1) {
    logger_.Info("derper: serving plain HTTP on {}", addresses.back().ToString());
  }
}

}  // namespace derp::relay
