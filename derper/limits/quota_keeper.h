// Writes the bytes of the day to a file now and then, and at the end, in a thread of its own: a
// disk may be slow.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "derper/limits/quota_file.h"

namespace derp::relay {

// What was kept, and nothing when there is no such file or it is damaged; a damaged one is renamed
// (".damaged" behind its name) and told.
QuotaTable LoadQuotas(const std::string& path, const Logger& logger);

class QuotaKeeper {
 public:
  using Collect = std::function<QuotaTable()>;

  // Makes the folder when it is missing. `collect` is called in any thread; `logger` outlives the
  // keeper.
  QuotaKeeper(std::string path, Duration interval, Collect collect, const Logger& logger);
  ~QuotaKeeper();  // writes once more
  QuotaKeeper(const QuotaKeeper&) = delete;
  QuotaKeeper& operator=(const QuotaKeeper&) = delete;

  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void Save();

  const std::string path_;
  const Duration interval_;
  const Collect collect_;
  const Logger& logger_;
  std::atomic<std::uint64_t> failures_{0};
  std::string saved_;  // the thread's, and after it the destructor's
  bool failing_ = false;
  Mutex mutex_;
  CondVar ended_;
  bool end_ DERP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derp::relay
