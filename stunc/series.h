// What many requests to one address add up to: loss, round trips, changes of the mapped address.
#pragma once

#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/socket_address.h"

namespace derp::stunc {

struct RoundTrips {
  Duration min{};
  Duration average{};
  Duration median{};
  Duration p90{};
  Duration max{};
  Duration deviation{};  // standard deviation
  Duration jitter{};     // mean difference of neighbours (RFC 3393's idea)
};

class Series {
 public:
  void AddReply(Duration rtt, const SocketAddress& mapped);
  void AddLoss() { ++sent_; }

  std::size_t sent() const { return sent_; }
  std::size_t received() const { return round_trips_.size(); }
  double LossPercent() const;
  std::size_t mapping_changes() const { return mapping_changes_; }
  std::optional<RoundTrips> Summary() const;  // none without a reply

 private:
  std::size_t sent_ = 0;
  std::vector<Duration> round_trips_;  // in order of arrival
  std::optional<SocketAddress> mapped_;
  std::size_t mapping_changes_ = 0;
};

}  // namespace derp::stunc
