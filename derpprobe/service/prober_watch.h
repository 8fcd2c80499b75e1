// Looks at the machine itself beside the walks: every round it asks the UDP reference, if there is
// one, and tells the board. Has a thread of its own.
#pragma once

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/diagnosis/walk_context.h"
#include "derpprobe/service/board.h"

namespace derp::probe {

struct ProberWatchOptions {
  std::vector<std::string> map_sources;
  std::map<std::string, std::string> environment;
  std::string udp_reference;  // HOST:PORT, may be empty
  Duration round = std::chrono::seconds(15);
};

class ProberWatch {
 public:
  // What is handed in outlives this.
  ProberWatch(ProberWatchOptions options, const diagnosis::WalkContext& context, Board& board);
  ~ProberWatch();  // waits for an exchange under way
  ProberWatch(const ProberWatch&) = delete;
  ProberWatch& operator=(const ProberWatch&) = delete;

 private:
  void Run();

  const ProberWatchOptions options_;
  const diagnosis::WalkContext& context_;
  Board& board_;
  Mutex mutex_;
  CondVar wake_;
  bool ending_ DERP_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derp::probe
