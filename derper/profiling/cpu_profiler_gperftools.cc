#include <array>
#include <cerrno>
#include <cstring>
#include <gperftools/profiler.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "common/net/standard_descriptors.h"
#include "derper/profiling/cpu_profiler.h"

namespace derp::relay {
namespace {

// libunwind, which the library brings along, opens a pipe in its constructor: where the standard
// descriptors are closed, it would become standard input and output. What stands here runs before
// the constructors of shared libraries.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kReserveFirst)() = &net::ReserveStandardDescriptors;

}  // namespace

bool CpuProfiler::available() { return true; }

CpuProfiler::~CpuProfiler() {
  if (running()) ProfilerStop();
}

Expected<void, Error> CpuProfiler::Start() {
  if (running() || ProfilingIsEnabledForAllThreads() != 0) {
    return Fail(
        Error{.code = ErrorCode::kUnsupported, .context = "a CPU profile is being taken already"});
  }
  net::Fd file(::memfd_create("cpu-profile", MFD_CLOEXEC));
  if (!file.valid()) {
    return Fail(Error{.code = ErrorCode::kSystem, .context = std::strerror(errno)});
  }
  // The library opens the path, so that no disk and no name of a file are needed.
  if (ProfilerStart(fmt::format("/proc/self/fd/{}", file.get()).c_str()) == 0) {
    return Fail(Error{.code = ErrorCode::kSystem, .context = "the CPU profiler does not start"});
  }
  file_ = std::move(file);
  return {};
}

Expected<std::string, Error> CpuProfiler::Stop() {
  ProfilerStop();
  const net::Fd file = std::exchange(file_, net::Fd());
  std::string profile;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count =
        ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(profile.size()));
    if (count < 0) return Fail(Error{.code = ErrorCode::kSystem, .context = std::strerror(errno)});
    if (count == 0) return profile;
    profile.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace derp::relay
