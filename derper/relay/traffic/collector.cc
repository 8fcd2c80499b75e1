#include "derper/relay/traffic/collector.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

constexpr std::size_t kRowsPerTurn = 256;

FlowFigures FiguresOf(const Flow& row) {
  return {.source = row.source.key,
          .destination = row.destination.key,
          .counts = row.counts,
          .since = row.since,
          .last = row.last,
          .to_mesh = row.to_mesh};
}

// A flow has a second row where packets were dropped on the way to its destination's worker.
void MergeFlows(std::vector<FlowFigures>& flows) {
  std::sort(flows.begin(), flows.end(), [](const FlowFigures& a, const FlowFigures& b) {
    return std::tie(a.source, a.destination) < std::tie(b.source, b.destination);
  });
  std::vector<FlowFigures> merged;
  merged.reserve(flows.size());
  for (FlowFigures& flow : flows) {
    if (merged.empty() || merged.back().source != flow.source ||
        merged.back().destination != flow.destination) {
      merged.push_back(std::move(flow));
      continue;
    }
    FlowFigures& same = merged.back();
    same.counts.Add(flow.counts);
    same.since = std::min(same.since, flow.since);
    same.last = std::max(same.last, flow.last);
    same.to_mesh |= flow.to_mesh;
  }
  flows = std::move(merged);
}

template <typename T>
void Append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

// What one worker has copied so far; in that worker's thread, then in the control thread.
struct TrafficCollector::Part {
  TrafficCollector& collector;
  net::EventLoop& control;
  std::weak_ptr<const void> alive;  // of the relay, and so the collector
  std::size_t next_connection = 0;
  std::size_t next_flow = 0;
  TrafficSnapshot copied;
};

void TrafficCollector::Collect(Taker take) {
  takers_.push_back(std::move(take));
  if (missing_ > 0) return;
  gathered_ = {};
  missing_ = state_.workers.size();
  for (const auto& worker : state_.workers) {
    auto part = std::make_shared<Part>(
        Part{.collector = *this, .control = state_.control, .alive = state_.alive, .copied = {}});
    worker->loop().Post([&target = *worker, part = std::move(part)] { CollectSome(target, part); });
  }
}

void TrafficCollector::CollectSome(Worker& worker, const std::shared_ptr<Part>& part) {
  const std::size_t slots = worker.slot_count();
  for (std::size_t i = 0; i < kRowsPerTurn && part->next_connection < slots; ++i) {
    worker.AppendTraffic(part->next_connection++, part->copied.clients);
  }
  const std::deque<Flow>& rows = worker.flows().rows();
  for (std::size_t i = 0; i < kRowsPerTurn && part->next_flow < rows.size(); ++i) {
    part->copied.flows.push_back(FiguresOf(rows[part->next_flow++]));
  }
  if (part->next_connection < slots || part->next_flow < rows.size()) {
    worker.loop().Post([&worker, part] { CollectSome(worker, part); });
    return;
  }
  part->copied.untracked = worker.flows().untracked();
  part->copied.taken = worker.Now();
  part->control.Post([part] {
    if (!part->alive.expired()) part->collector.Finish(*part);
  });
}

void TrafficCollector::Finish(Part& part) {
  gathered_.taken = std::max(gathered_.taken, part.copied.taken);
  Append(gathered_.clients, part.copied.clients);
  Append(gathered_.flows, part.copied.flows);
  gathered_.untracked.counts.Add(part.copied.untracked.counts);
  gathered_.untracked.evicted += part.copied.untracked.evicted;
  if (--missing_ > 0) return;
  MergeFlows(gathered_.flows);
  const TrafficSnapshot whole = std::exchange(gathered_, {});
  for (const Taker& take : std::exchange(takers_, {})) take(whole);
}

}  // namespace derp::relay
