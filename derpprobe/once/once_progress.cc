#include "derpprobe/once/once_progress.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::probe {

namespace {

constexpr auto kSlow = std::chrono::seconds(2);
constexpr auto kPace = std::chrono::milliseconds(200);

std::int64_t WholeSeconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::vector<std::string> NamesOf(const std::vector<diagnosis::WalkTask>& tasks) {
  std::vector<std::string> names;
  for (const auto& task : tasks) {
    names.push_back(PrintablePeerText(task.region) + "/" + PrintablePeerText(task.node.name));
  }
  return names;
}

}  // namespace

WalkWatch::WalkWatch(std::vector<std::string> names) {
  for (std::string& name : names) nodes_.push_back({std::move(name)});
}

void WalkWatch::At(std::size_t index, diagnosis::Stage stage, TimePoint now) {
  const MutexLock lock(mutex_);
  Node& node = nodes_[index];
  node.stage = stage;
  if (!node.started) node.started = now;
}

bool WalkWatch::Done(std::size_t index) {
  const MutexLock lock(mutex_);
  Node& node = nodes_[index];
  if (node.done) return false;
  node.done = true;
  ++done_;
  return true;
}

std::string WalkWatch::Line(TimePoint now) const {
  const MutexLock lock(mutex_);
  std::string line = fmt::format("{} of {} nodes", done_, nodes_.size());
  const Node* slowest = nullptr;
  std::size_t slow = 0;
  for (const Node& node : nodes_) {
    if (node.done || !node.started || now - *node.started < kSlow) continue;
    ++slow;
    if (slowest == nullptr || *node.started < *slowest->started) slowest = &node;
  }
  if (slowest != nullptr) {
    line += fmt::format(", {} slow: {} {} {} s", slow, slowest->name, StageName(slowest->stage),
                        WholeSeconds(now - *slowest->started));
  } else if (done_ == nodes_.size()) {
    line += ", packets between the nodes of a region";
  }
  return line;
}

OnceProgress::OnceProgress(const cli::Terminal& terminal, bool wanted, const Clock& clock,
                           std::vector<diagnosis::WalkTask>& tasks)
    : clock_(clock), progress_(terminal, clock, cli::StderrSink()), watch_(NamesOf(tasks)) {
  if (!wanted) return;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    index_.insert({{tasks[i].region_id, tasks[i].node.name}, i});
    tasks[i].on_stage = [this, i](diagnosis::Stage stage) { watch_.At(i, stage, clock_.Now()); };
  }
  thread_ = std::thread([this] { Run(); });
}

OnceProgress::~OnceProgress() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stop_ = true;
    wake_.NotifyAll();
  }
  thread_.join();
}

void OnceProgress::Done(const diagnosis::NodeReport& node) {
  // A map may name two nodes alike.
  const auto [first, last] = index_.equal_range({node.region_id, node.node});
  for (auto found = first; found != last; ++found) {
    if (watch_.Done(found->second)) return;
  }
}

void OnceProgress::Run() {
  const MutexLock lock(mutex_);
  std::string shown;
  while (!stop_) {
    std::string line = watch_.Line(clock_.Now());
    if (line != shown) progress_.Show(line);
    shown = std::move(line);
    wake_.WaitUntil(mutex_, clock_.Now() + kPace);
  }
}

}  // namespace derp::probe
