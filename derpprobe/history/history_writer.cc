#include "derpprobe/history/history_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace derp::probe {

namespace {

constexpr std::size_t kMostKept = 1000;  // transitions that wait for a disk that takes them

// What the last failed write left comes first; the newer whole lists replace the older ones.
HistoryBatch Join(HistoryBatch kept, HistoryBatch fresh) {
  kept.transitions.insert(kept.transitions.end(), fresh.transitions.begin(),
                          fresh.transitions.end());
  if (kept.transitions.size() > kMostKept) {
    const auto surplus = static_cast<std::ptrdiff_t>(kept.transitions.size() - kMostKept);
    kept.transitions.erase(kept.transitions.begin(), kept.transitions.begin() + surplus);
  }
  if (fresh.findings) kept.findings = std::move(fresh.findings);
  if (fresh.alerts) kept.alerts = std::move(fresh.alerts);
  return kept;
}

}  // namespace

HistoryWriter::HistoryWriter(std::unique_ptr<HistoryStore> store, History& history, Collect collect,
                             Duration interval, const Clock& clock, const Logger& logger)
    : store_(std::move(store)),
      history_(history),
      collect_(std::move(collect)),
      interval_(interval),
      log_(logger, clock, 1, std::chrono::minutes(10)),
      files_begun_(store_->files_begun()),
      thread_([this] { Run(); }) {}

HistoryWriter::~HistoryWriter() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

void HistoryWriter::WriteSoon() {
  {
    const MutexLock lock(mutex_);
    soon_ = true;
  }
  wake_.NotifyAll();
}

void HistoryWriter::Run() {
  bool stopping = false;
  while (!stopping) {
    {
      const MutexLock lock(mutex_);
      const auto due = std::chrono::steady_clock::now() + interval_;
      while (!stopping_ && !soon_ && wake_.WaitUntil(mutex_, due)) {
      }
      soon_ = false;
      stopping = stopping_;
    }
    WriteOnce();
  }
}

void HistoryWriter::WriteOnce() {
  HistoryBatch batch = Join(std::exchange(kept_, {}), collect_());
  batch.rows = history_.TakeChanges();
  const auto written = store_->Write(batch);
  if (!written) {
    ++failures_;
    log_.Write(LogLevel::kError,
               fmt::format("history: not written, kept in memory: {}", written.error().context));
    history_.PutBack(batch.rows);
    batch.rows = {};
    kept_ = std::move(batch);
  }
  if (store_->files_begun() != std::exchange(files_begun_, store_->files_begun())) {
    history_.MarkAllUnsaved();
  }
}

}  // namespace derp::probe
