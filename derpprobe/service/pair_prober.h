// Bandwidth and queuing delay in the service: every ordered pair of each region, bandwidth at its
// own interval, queuing delay continuously (derpprobe.md 4.5, 5.5 to 5.7). Feeds board and probe
// table, and keeps the metrics of the two classes. Any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/diagnosis/pairs/pair_engine.h"
#include "derpprobe/classes/views.h"
#include "derpprobe/schedule/probe_table.h"
#include "derpprobe/schedule/task_runner.h"
#include "derpprobe/service/board.h"

namespace derp::probe {

struct PairProberOptions {
  Duration packet_timeout = std::chrono::seconds(5);  // of queuing delay
  std::optional<IpAddress> tun{};                     // bandwidth through a device of this /30
  std::int64_t bw_min = 0;                            // bits per second, 0: not judged
  Duration qd_max{};                                  // 0: not judged
  bool spread = true;
  std::string instance{};  // mixes into the spread
  diagnosis::MeshKeyRule mesh_key_rule{};
};

class PairProber {
 public:
  // What is handed in must outlive the prober.
  PairProber(PairProberOptions options, const diagnosis::WalkContext& context, Board& board,
             ProbeTable& table, const Clock& clock, const Logger& logger);
  ~PairProber();  // Stop()
  PairProber(const PairProber&) = delete;
  PairProber& operator=(const PairProber&) = delete;

  // Measures the pairs of this map from now on, as the intervals ask; the table holds their probes
  // already. A pair that stays as it is goes on undisturbed. One call at a time.
  void SetMap(const derpmap::DerpMap& map, const ClassIntervals& intervals);
  void Stop();  // starts nothing more and waits for nobody; what is under way ends with the prober

  // A bandwidth probe, measured now and waited for. Empty: no such probe (one of queuing delay
  // runs all the time).
  std::optional<ProbeInfo> RunNow(const std::string& name);

  void Collect(std::vector<metrics::Family>& families) const;  // derpprobe_derp_bw_*, …_qd_*

 private:
  using Ticket = diagnosis::PairEngine::Ticket;
  struct Pair {
    ProbeSpec spec;
    diagnosis::PairTask task;
    metrics::Labels labels;
    std::optional<Ticket> ticket;  // of the run under way
    // Bandwidth.
    std::uint64_t runs = 0;
    double transfer_seconds = 0;
    std::int64_t bytes = 0;
    // Queuing delay.
    std::unique_ptr<diagnosis::QueueStats> stats;
    std::string error;  // while it stands still
  };
  using Pairs = std::map<std::string, std::shared_ptr<Pair>, std::less<>>;

  void AddBandwidth(const std::shared_ptr<Pair>& pair);
  void AddQueue(const std::shared_ptr<Pair>& pair);
  bool StartTransfer(const std::string& name);
  void EndTransfer(Pair& pair, diagnosis::TransferReport report);
  void EndQueueRun(Pair& pair, const Error& error, Duration took);
  void PublishQueues();
  Pairs Wanted(const derpmap::DerpMap& map, const ClassIntervals& intervals) const;

  const PairProberOptions options_;
  const diagnosis::WalkContext& context_;
  Board& board_;
  ProbeTable& table_;
  const Clock& clock_;
  const Logger& logger_;

  mutable Mutex mutex_;
  CondVar run_ended_;
  bool stopped_ DERP_GUARDED_BY(mutex_) = false;
  ClassIntervals intervals_ DERP_GUARDED_BY(mutex_);
  Pairs pairs_ DERP_GUARDED_BY(mutex_);

  // Last: their threads use the members above. Cancelling must not happen under the mutex, which
  // the engine's callbacks take.
  std::unique_ptr<diagnosis::PairEngine> engine_;  // from the first pair on
  TaskRunner runner_;
};

}  // namespace derp::probe
