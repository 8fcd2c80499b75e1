#include "derper/web/traffic_view.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "common/base/go_number.h"
#include "common/http/url.h"

namespace derp::relay {
namespace {

constexpr std::int64_t kMaxTop = 10'000;
constexpr std::array kOrders = {TrafficOrder::kBytes, TrafficOrder::kPackets, TrafficOrder::kDrops,
                                TrafficOrder::kQueue, TrafficOrder::kAge};

// The larger, the earlier. Age counts from the start of the steady clock, the oldest come first.
std::uint64_t Weight(TimePoint since, TimePoint taken) {
  return static_cast<std::uint64_t>(std::max((taken - since).count(), Duration::rep{0}));
}

std::uint64_t WeightOf(const ClientFigures& client, TrafficOrder order, TimePoint taken) {
  const ClientCounts& counts = client.counts;
  switch (order) {
    case TrafficOrder::kBytes:
      return counts.bytes_in + counts.bytes_out;
    case TrafficOrder::kPackets:
      return counts.packets_in + counts.packets_out;
    case TrafficOrder::kDrops:
      return SumOf(counts.drops);
    case TrafficOrder::kQueue:
      return counts.queue_ns_most;
    case TrafficOrder::kAge:
      return Weight(client.since, taken);
  }
  return 0;
}

std::uint64_t WeightOf(const FlowFigures& flow, TrafficOrder order, TimePoint taken) {
  switch (order) {
    case TrafficOrder::kBytes:
      return flow.counts.bytes;
    case TrafficOrder::kPackets:
      return flow.counts.packets;
    case TrafficOrder::kDrops:
      return SumOf(flow.counts.drops);
    case TrafficOrder::kQueue:
      return flow.counts.queue_ns_most;
    case TrafficOrder::kAge:
      return Weight(flow.since, taken);
  }
  return 0;
}

// The `top` heaviest, heaviest first; equal ones in the order they have.
template <typename Row>
std::vector<Row> Heaviest(const std::vector<Row>& rows, const TrafficQuery& query,
                          TimePoint taken) {
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  order.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    order.emplace_back(WeightOf(rows[i], query.order, taken), i);
  }
  const std::size_t count = std::min(query.top, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first : a.second < b.second;
                    });
  std::vector<Row> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(rows[order[i].second]);
  return out;
}

}  // namespace

std::uint64_t SumOf(const std::array<std::uint64_t, kDropReasons>& drops) {
  return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0});
}

std::string_view OrderName(TrafficOrder order) {
  constexpr std::array<std::string_view, kOrders.size()> kNames = {"bytes", "packets", "drops",
                                                                   "queue", "age"};
  return kNames[static_cast<std::size_t>(order)];
}

Expected<TrafficQuery, std::string> ParseTrafficQuery(std::string_view query) {
  TrafficQuery out;
  if (const std::string top = http::QueryValue(query, "top"); !top.empty()) {
    const auto number = ParseGoInt(top);
    if (!number || *number < 1 || *number > kMaxTop) {
      return Fail(std::string("top is a number from 1 to 10000"));
    }
    out.top = static_cast<std::size_t>(*number);
  }
  if (const std::string sort = http::QueryValue(query, "sort"); !sort.empty()) {
    const auto* found =
        std::ranges::find_if(kOrders, [&](TrafficOrder order) { return OrderName(order) == sort; });
    if (found == kOrders.end()) {
      return Fail(std::string("sort is one of bytes, packets, drops, queue, age"));
    }
    out.order = *found;
  }
  return out;
}

TrafficView MakeTrafficView(const TrafficSnapshot& snapshot, const TrafficQuery& query,
                            WallTime now) {
  return {.query = query,
          .time = now,
          .taken = snapshot.taken,
          .clients_in_all = snapshot.clients.size(),
          .flows_in_all = snapshot.flows.size(),
          .clients = Heaviest(snapshot.clients, query, snapshot.taken),
          .flows = Heaviest(snapshot.flows, query, snapshot.taken),
          .untracked = snapshot.untracked};
}

}  // namespace derp::relay
