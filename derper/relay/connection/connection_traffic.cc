// What a connection tells about its client for the traffic figures.
#include <utility>

#include "derper/relay/connection/connection.h"

namespace derp::relay {

void Connection::AppendTraffic(std::vector<ClientFigures>& out) const {
  if (!session_ || doomed_) return;
  ClientFigures figures;
  figures.connection = self_;
  session_->FillTraffic(figures);
  const net::TlsSession* tls = transport_.tls();
  figures.transport = tls == nullptr ? "plain" : tls->is_tls13() ? "tls1.3" : "tls1.2";
  figures.websocket = websocket_.has_value();
  figures.paused = paused();
  figures.wire_in = transport_.wire_in();
  figures.wire_out = transport_.wire_out();
  figures.round_trip = round_trip_;
  out.push_back(std::move(figures));
}

}  // namespace derp::relay
