// What clients may send.
#include "derper/server.h"

namespace derp::relay {

Expected<void, Error> Server::LoadLimits() {
  if (options_.rate_config.empty()) return {};
  auto limits = Limits::Load({.file = options_.rate_config, .state_dir = options_.state_dir},
                             clock_, logger_);
  if (!limits) return Fail(Within("derper: loading rate config", limits.error()));
  limits_ = std::move(*limits);
  reloads_.Add("rate config", [this] { return limits_->Reload(); });
  return {};
}

}  // namespace derp::relay
