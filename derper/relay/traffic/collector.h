// Gathers the traffic figures of all workers. Each worker copies a few hundred rows per turn, so
// that relaying does not wait for it; nobody waits for the whole but those who asked.
#pragma once

#include <memory>
#include <vector>

#include "derper/relay/relay_state.h"
#include "derper/relay/traffic/traffic_port.h"

namespace derp::relay {

// Control thread. Who asks while figures are being gathered gets those.
class TrafficCollector final : public TrafficPort {
 public:
  explicit TrafficCollector(RelayState& state) : state_(state) {}  // outlives the collector
  void Collect(Taker take) override;

 private:
  struct Part;
  static void CollectSome(Worker& worker, const std::shared_ptr<Part>& part);
  void Finish(Part& part);

  RelayState& state_;
  std::vector<Taker> takers_;
  TrafficSnapshot gathered_;
  std::size_t missing_ = 0;  // workers
};

}  // namespace derp::relay
