#include "derper/limits/quota_keeper.h"

#include <cstdio>
#include <utility>

#include "common/base/file.h"

namespace derp::relay {

QuotaTable LoadQuotas(const std::string& path, const Logger& logger) {
  const auto text = ReadFile(path, kMaxQuotaFile);
  if (!text && text.error().code == ErrorCode::kNotFound) return {};
  auto table = text ? ParseQuotaFile(*text) : Expected<QuotaTable, Error>(Fail(text.error()));
  if (table) return std::move(*table);
  const std::string aside = path + ".damaged";
  const bool moved = std::rename(path.c_str(), aside.c_str()) == 0;
  logger.Warn("derper: daily quotas begin at 0: {}: {}{}", path, table.error().context,
              moved ? "; the file is now " + aside : "");
  return {};
}

QuotaKeeper::QuotaKeeper(std::string path, Duration interval, Collect collect, const Logger& logger)
    : path_(std::move(path)),
      interval_(interval),
      collect_(std::move(collect)),
      logger_(logger),
      thread_([this] { Run(); }) {}

QuotaKeeper::~QuotaKeeper() {
  {
    const MutexLock lock(mutex_);
    end_ = true;
  }
  ended_.NotifyAll();
  thread_.join();
  Save();
}

void QuotaKeeper::Run() {
  const SystemClock clock;
  while (true) {
    const TimePoint next = clock.Now() + interval_;
    {
      const MutexLock lock(mutex_);
      while (!end_ && ended_.WaitUntil(mutex_, next)) {
      }
      if (end_) return;
    }
    Save();
  }
}

void QuotaKeeper::Save() {
  std::string text = QuotaFileText(collect_());
  if (text == saved_) return;
  auto done = MakeDirectories(DirectoryOf(path_), 0700);
  if (done) done = WriteFileAtomically(path_, text, 0600);
  if (!done) {
    failures_.fetch_add(1, std::memory_order_relaxed);
    // Once, until it works again.
    if (!std::exchange(failing_, true)) {
      logger_.Error("derper: cannot keep the daily quotas: {}", done.error().context);
    }
    return;
  }
  failing_ = false;
  saved_ = std::move(text);
}

}  // namespace derp::relay
