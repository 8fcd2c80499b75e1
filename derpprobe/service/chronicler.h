// Follows the board and remembers: every walk and every region's round goes into the history and to
// the alerts, and with -state-dir all of it into a file that outlives the service. A thread of its
// own looks at the board a few times per round; two rounds between two looks count as one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "derpprobe/alerts/alert_desk.h"
#include "derpprobe/alerts/alert_tracker.h"
#include "derpprobe/history/history_writer.h"
#include "derpprobe/service/board.h"

namespace derp::probe {

struct ChroniclerOptions {
  std::string state_dir;  // empty: in memory only
  AlertRule alert_rule;
  std::function<Duration()> round;                    // between two walks of a node, as it is now
  Duration save_interval = std::chrono::seconds(30);  // changes of state are saved at once
};

class Chronicler {
 public:
  // What is handed in outlives it. Reads what an earlier run left. Fails only when the directory
  // can never be used (another process has it, it is a file); any other trouble with it is logged,
  // and the service lives without.
  static Expected<std::unique_ptr<Chronicler>, Error> Make(const ChroniclerOptions& options,
                                                           Board& board, AlertDesk& desk,
                                                           const Clock& clock,
                                                           const Logger& logger);
  ~Chronicler();  // Stop()

  void Start();
  void Stop();  // looks once more, stops the desk, saves

  // One look at the board. In the thread, or by a test instead of it.
  void Look();

  // derpprobe_history_write_failures_total.
  void Collect(std::vector<metrics::Family>& families);

 private:
  using Errors = std::map<PlaceKey, std::vector<const diagnosis::Finding*>>;

  Chronicler(const ChroniclerOptions& options, Board& board, AlertDesk& desk, const Clock& clock);
  void Run();
  void LookAtProber(const Errors& errors, WallTime now);
  void LookAtNodes(const BoardState& state, const Errors& errors, WallTime now);
  void LookAtRegions(const BoardState& state, const Errors& errors, WallTime now);
  void LookAtMap(const BoardState& state, WallTime now);
  void Tell(const std::optional<AlertEvent>& event);
  void Save();
  HistoryBatch WhatChanged();

  const ChroniclerOptions options_;
  Board& board_;
  AlertDesk& desk_;
  const Clock& clock_;

  // Of the thread that looks.
  std::shared_ptr<const BoardState> seen_;
  std::map<PlaceKey, std::uint64_t> walks_;  // at the last look; of a region: its fewest
  std::optional<WallTime> prober_round_;
  std::int64_t quarter_ = 0;
  AlertTracker tracker_;
  bool alerts_changed_ = false;

  Mutex mutex_;
  CondVar wake_;
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  std::vector<StoredAlert> standing_ DERP_GUARDED_BY(mutex_);
  std::unique_ptr<HistoryWriter> writer_;  // null without a directory
  std::thread thread_;
};

}  // namespace derp::probe
