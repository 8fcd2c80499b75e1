// For builds without gperftools.
#include "derper/profiling/cpu_profiler.h"

namespace derp::relay {

bool CpuProfiler::available() { return false; }

CpuProfiler::~CpuProfiler() = default;

Expected<void, Error> CpuProfiler::Start() {
  return Fail(Error{.code = ErrorCode::kUnsupported,
                    .context = "this build has no CPU profiler: gperftools was not there"});
}

Expected<std::string, Error> CpuProfiler::Stop() { return std::string(); }

}  // namespace derp::relay
