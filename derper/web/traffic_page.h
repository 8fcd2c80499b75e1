// /debug/traffic (derper.md 2.9): the Go program's stream of lines, and one snapshot as JSON or as
// a page. All of it from our own counters.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/http/body_stream.h"
#include "common/http/request.h"
#include "common/http/responder.h"
#include "common/net/event_loop.h"
#include "derper/limits/limits.h"
#include "derper/relay/traffic/traffic_port.h"

namespace derp::relay {

// Control thread only.
class TrafficPages {
 public:
  static constexpr std::size_t kMaxStreams = 16;
  // Lines of one tick, the most active clients first.
  static constexpr std::size_t kMaxLines = 1000;

  // All outlive it. `limits` may be null.
  TrafficPages(TrafficPort& port, Limits* limits, net::EventLoop& control, const Clock& clock);

  // Access and the headers of debug pages are the caller's. Without parameter the stream, or the
  // page for people where the path ends in "/top"; format=json, format=html: a snapshot (see
  // ParseTrafficQuery).
  void Handle(const http::Request& request, http::Responder responder);

 private:
  using Totals = std::unordered_map<ConnectionRef, std::uint64_t, ConnectionRefHash>;
  struct Stream {
    std::shared_ptr<http::BodyStream> body;
    Totals before;  // bytes of each connection at the last tick, both ways
  };

  void StartStream(http::Responder responder);
  void Tick();
  void WriteTick(const TrafficSnapshot& snapshot);
  void SendSnapshot(const http::Request& request, bool html, http::Responder responder);

  TrafficPort& port_;
  Limits* limits_;
  const Clock& clock_;
  net::Timer timer_;
  std::vector<Stream> streams_;
  std::shared_ptr<const int> alive_ = std::make_shared<int>(0);
};

}  // namespace derp::relay
