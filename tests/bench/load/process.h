// CPU time and memory of a process as the kernel counts them (proc(5)), and the kernel's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/bench/load/figures.h"

namespace derp::load {

struct ProcessSample {
  std::size_t found = 0;    // those that live: what has ended has no memory
  double cpu_seconds = 0;   // of its threads, by the scheduler, to the nanosecond
  double user_seconds = 0;  // in clock ticks
  double system_seconds = 0;
  std::uint64_t resident_kib = 0;
};
// Added up; a process that is gone counts as zero. Threads that ended are in user and system only.
ProcessSample SampleProcesses(const std::vector<int>& pids);

// All cores, since the start of the machine, in clock ticks.
struct MachineSample {
  double busy_seconds = 0;
  double stolen_seconds = 0;  // by the machine below this one
};
MachineSample SampleMachine();

struct KernelMemory {
  std::int64_t tcp_kib = 0;   // socket buffers, all of this network namespace
  std::int64_t slab_kib = 0;  // the whole machine's
};
KernelMemory SampleKernelMemory();

// Its words with blanks between; empty when it is gone.
std::string CommandLine(int pid);

double OwnCpuSeconds();

// What the servers, this process and the whole machine took from the making of this to End().
class CpuMeasurement {
 public:
  explicit CpuMeasurement(const std::vector<int>& server_pids);
  ServerFigures End() const;

 private:
  const std::vector<int>& pids_;
  TimePoint start_;
  ProcessSample servers_;
  MachineSample machine_;
  double own_;
};

}  // namespace derp::load
