// /debug/pprof/: profiles for the pprof tools, under the paths that the Go program has. Kinds that
// only Go's runtime has are answered with 501.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/http/request.h"
#include "common/http/responder.h"
#include "common/net/event_loop.h"
#include "derper/profiling/cpu_profiler.h"

namespace derp::relay {

// Control thread only.
class PprofPages {
 public:
  // `loop` is the control thread's and outlives the pages. `arguments`: without secrets.
  PprofPages(net::EventLoop& loop, std::vector<std::string> arguments);

  // For /debug/pprof/ and everything below it.
  void Handle(const http::Request& request, http::Responder responder);

 private:
  void TakeCpuProfile(const http::Request& request, http::Responder responder);
  void FinishCpuProfile();

  const std::vector<std::string> arguments_;
  CpuProfiler profiler_;
  std::optional<http::Responder> asker_;  // while a CPU profile is taken
  net::Timer timer_;
};

}  // namespace derp::relay
