// Keeps the history in its store: a thread of its own writes what changed, every half minute and
// once more at the end, so that neither rounds nor pages ever wait for the disk. What cannot be
// written stays in memory, is logged at a bounded rate and tried again.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "derpprobe/history/history.h"
#include "derpprobe/history/history_store.h"

namespace derp::probe {

class HistoryWriter {
 public:
  // What changed beside the rounds since it was last called; called in the writer's thread.
  using Collect = std::function<HistoryBatch()>;

  // What is handed in outlives the writer.
  HistoryWriter(std::unique_ptr<HistoryStore> store, History& history, Collect collect,
                Duration interval, const Clock& clock, const Logger& logger);
  ~HistoryWriter();  // writes once more, then joins

  // Something that must not be lost (a transition, an alert) came up: writes now. Any thread.
  void WriteSoon();

  std::uint64_t failures() const { return failures_; }

 private:
  void Run();
  void WriteOnce();

  const std::unique_ptr<HistoryStore> store_;  // the thread's, once it runs
  History& history_;
  const Collect collect_;
  const Duration interval_;
  RateLimitedLog log_;
  HistoryBatch kept_;  // what a failed write left, rows excepted; the thread's
  std::uint64_t files_begun_;
  std::atomic<std::uint64_t> failures_ = 0;

  Mutex mutex_;
  CondVar wake_;
  bool soon_ DERP_GUARDED_BY(mutex_) = false;
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last
};

}  // namespace derp::probe
