// Many clients that log in and do nothing: what they cost the server, and whether each of them can
// be reached afterwards. One thread.
#pragma once

#include <vector>

#include "tests/bench/load/client_set.h"
#include "tests/bench/load/figures.h"
#include "tests/bench/load/options.h"

namespace derp::load {

class IdleRun final : public PacketTaker {
 public:
  // `options` outlives it.
  explicit IdleRun(const Options& options);
  std::optional<Error> Run(Figures& figures);

 private:
  void OnPacket(const Connection& at, const NodePublic& source, ByteView packet,
                TimePoint now) override;
  void Hold(Duration time);
  void ReachAll();
  void CountBroken();
  std::size_t Next(std::size_t place) const { return (place + 1) % clients_.size(); }

  const Options& options_;
  IdleFigures figures_;
  Tools tools_;
  ClientSet clients_;
  std::vector<bool> reached_;
};

}  // namespace derp::load
