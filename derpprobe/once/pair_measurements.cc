#include "derpprobe/once/pair_measurements.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/mutex.h"
#include "common/diagnosis/pairs/pair_engine.h"

namespace derp::probe {

namespace {

using diagnosis::Measurement;
using diagnosis::PairTask;

bool CanCarry(const Measurement& measured, const PairTask& task) {
  for (const diagnosis::NodeReport& node : measured.nodes) {
    const bool concerned = node.region_id == task.region_id &&
                           (node.node == task.from.name || node.node == task.to.name);
    if (concerned && (diagnosis::StoppedAt(node) || diagnosis::UntestedReason(node))) return false;
  }
  return std::none_of(
      measured.meshes.begin(), measured.meshes.end(), [&](const diagnosis::MeshReport& mesh) {
        const auto* direction =
            mesh.region_id == task.region_id ? mesh.Find(task.from.name, task.to.name) : nullptr;
        return direction != nullptr && !direction->first;
      });
}

// Collects reports that come from another thread, in the order of the tasks.
template <typename Report>
class Collector {
 public:
  Collector(std::size_t total, std::string_view what,
            const std::function<void(const std::string&)>& show)
      : total_(total), what_(what), show_(show) {
    const MutexLock lock(mutex_);
    reports_.resize(total);
  }

  void Put(std::size_t index, Report report) {
    const MutexLock lock(mutex_);
    reports_[index] = std::move(report);
    show_(fmt::format("{}: {} of {} pairs", what_, ++done_, total_));
    changed_.NotifyAll();
  }

  std::vector<Report> Wait() {
    const MutexLock lock(mutex_);
    while (done_ < total_) changed_.Wait(mutex_);
    return std::move(reports_);
  }

 private:
  const std::size_t total_;
  const std::string_view what_;
  const std::function<void(const std::string&)>& show_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<Report> reports_ DERP_GUARDED_BY(mutex_);
  std::size_t done_ DERP_GUARDED_BY(mutex_) = 0;
};

std::vector<diagnosis::TransferReport> Transfers(
    const Options& options, const std::vector<PairTask>& tasks, diagnosis::PairEngine& engine,
    const std::function<void(const std::string&)>& show) {
  diagnosis::TransferAsked asked{options.bw_probe_size, options.bw_interval * 4 / 5};
  if (!options.bw_tun_address.empty()) asked.tun = IpAddress::Parse(options.bw_tun_address);
  Collector<diagnosis::TransferReport> reports(tasks.size(), "bandwidth", show);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    engine.Transfer(tasks[i], asked, {}, [&reports, i](diagnosis::TransferReport report) {
      reports.Put(i, std::move(report));
    });
  }
  return reports.Wait();
}

std::vector<diagnosis::QueueReport> Queues(const Options& options,
                                           const std::vector<PairTask>& tasks,
                                           diagnosis::PairEngine& engine,
                                           const std::function<void(const std::string&)>& show) {
  const diagnosis::QueueAsked asked{options.qd_packets_per_second, options.qd_packet_timeout};
  Collector<diagnosis::QueueReport> reports(tasks.size(), "queuing delay", show);
  show("queuing delay");
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    engine.MeasureQueue(
        tasks[i], asked, options.qd_once_duration,
        [&reports, i](diagnosis::QueueReport report) { reports.Put(i, std::move(report)); });
  }
  return reports.Wait();
}

}  // namespace

ClassIntervals IntervalsOf(const Options& options) {
  return {.map = options.interval,
          .tls = options.tls_interval,
          .stun = options.stun_interval,
          .mesh = options.mesh_interval,
          .bandwidth = options.bw_interval,
          .bandwidth_size = options.bw_probe_size,
          .bandwidth_over_tun = !options.bw_tun_address.empty(),
          .queue_per_second = options.qd_packets_per_second};
}

void MeasurePairs(const Options& options, const derpmap::DerpMap& map,
                  const diagnosis::MeshKeyRule& key_rule, const diagnosis::WalkContext& context,
                  const std::function<void(const std::string&)>& show, Measurement& measured) {
  measured.pairs = {.bandwidth = options.AsksBandwidth(),
                    .queue = options.AsksQueue(),
                    .bw_min = options.bw_min,
                    .qd_max = options.qd_max};
  if (!measured.pairs.bandwidth && !measured.pairs.queue) return;
  std::vector<PairTask> tasks = diagnosis::PairsOf(map, key_rule);
  std::erase_if(tasks, [&](const PairTask& task) { return !CanCarry(measured, task); });
  if (tasks.empty()) return;
  diagnosis::PairEngine engine(context);
  // One after the other: the bytes of the one would be the delay of the other.
  if (measured.pairs.bandwidth) measured.transfers = Transfers(options, tasks, engine, show);
  if (measured.pairs.queue) measured.queues = Queues(options, tasks, engine, show);
}

}  // namespace derp::probe
