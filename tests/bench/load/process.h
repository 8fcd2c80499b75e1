// CPU time and memory of a process as the kernel counts them (proc(5)), and the kernel's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace derp::load {

struct ProcessSample {
  double cpu_seconds = 0;   // of its threads, by the scheduler, to the nanosecond
  double user_seconds = 0;  // in clock ticks
  double system_seconds = 0;
  std::uint64_t resident_kib = 0;
};
// Added up; a process that is gone counts as zero. Threads that ended are in user and system only.
ProcessSample SampleProcesses(const std::vector<int>& pids);

struct KernelMemory {
  std::int64_t tcp_kib = 0;   // socket buffers, all of this network namespace
  std::int64_t slab_kib = 0;  // the whole machine's
};
KernelMemory SampleKernelMemory();

// Its words with blanks between; empty when it is gone.
std::string CommandLine(int pid);

double OwnCpuSeconds();

}  // namespace derp::load
