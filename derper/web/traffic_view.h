// Which part of a traffic snapshot is shown, and in what order; shared by its JSON and its HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "derper/limits/limits.h"
#include "derper/relay/traffic/traffic_port.h"

namespace derp::relay {

enum class TrafficOrder { kBytes, kPackets, kDrops, kQueue, kAge };
std::string_view OrderName(TrafficOrder order);

struct TrafficQuery {
  std::size_t top = 50;
  TrafficOrder order = TrafficOrder::kBytes;
};
// From "top=N&sort=NAME". The error is for the one who asked.
Expected<TrafficQuery, std::string> ParseTrafficQuery(std::string_view query);

struct TrafficView {
  TrafficQuery query;
  WallTime time;  // of the snapshot
  TimePoint taken;
  std::size_t clients_in_all = 0;
  std::size_t flows_in_all = 0;
  std::vector<ClientFigures> clients;             // the first ones in that order
  std::vector<std::optional<KeyUsage>> limits{};  // of those clients; empty: nobody has any
  std::vector<FlowFigures> flows;
  UntrackedFlows untracked;

  WallTime WallOf(TimePoint when) const { return time - (taken - when); }
};
TrafficView MakeTrafficView(const TrafficSnapshot& snapshot, const TrafficQuery& query,
                            WallTime now);

std::uint64_t SumOf(const std::array<std::uint64_t, kDropReasons>& drops);

std::string TrafficJson(const TrafficView& view);
// What the page's body shows.
std::string TrafficHtml(const TrafficView& view);

}  // namespace derp::relay
