// Where the process spends its CPU time, by gperftools' sampling profiler (libprofiler alone, which
// leaves malloc as it is; docs/decisions/0004). A build without that library says so.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/net/fd.h"

namespace derp::relay {

// The library keeps one profile per process; Start() fails while another runs. Control thread.
class CpuProfiler {
 public:
  static bool available();

  ~CpuProfiler();  // stops
  Expected<void, Error> Start();
  bool running() const { return file_.valid(); }
  // In gperftools' binary form, which pprof and google-pprof read.
  Expected<std::string, Error> Stop();

 private:
  net::Fd file_;  // in memory; the library writes to a path
};

}  // namespace derp::relay
