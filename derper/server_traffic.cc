// The page of the relay's traffic.
#include "derper/server.h"

namespace derp::relay {

void Server::AddTrafficPage() {
  traffic_ =
      std::make_unique<TrafficPages>(relay_->traffic_port(), limits_.get(), control_, clock_);
  const auto handler = [this](http::Request request, http::Responder responder) {
    traffic_->Handle(request, std::move(responder));
  };
  site_->debug().Add({.path = "traffic/top",
                      .title = "clients and flows, the largest first",
                      .need = http::DebugNeed::kPrivate,
                      .handler = handler});
  site_->debug().Add({.path = "traffic",
                      .title = "who is active, a line every 2 s; ?format=json: a snapshot",
                      .need = http::DebugNeed::kPrivate,
                      .handler = handler});
}

}  // namespace derp::relay
