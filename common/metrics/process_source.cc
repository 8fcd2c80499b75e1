// The process about itself: what native Prometheus clients export as process_*, and what the Go
// programs add (derper.md 7.2).
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/metrics/proc_files.h"
#include "common/metrics/registry.h"

namespace derp::metrics {
namespace {

std::string ReadText(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void Append(std::vector<Family>& out, std::string name, Kind kind, std::string help, double value,
            Labels labels = {}) {
  Sample sample;
  sample.labels = std::move(labels);
  sample.value = value;
  out.push_back({.name = std::move(name),
                 .kind = kind,
                 .help = std::move(help),
                 .samples = {std::move(sample)}});
}

double SoftLimit(__rlimit_resource_t what) {
  rlimit limit{};
  if (getrlimit(what, &limit) != 0) return 0;
  return static_cast<double>(limit.rlim_cur);
}

void AppendProcess(std::vector<Family>& out, std::uint64_t boot_time) {
  if (const auto stat = ParseProcessStat(ReadText("/proc/self/stat"))) {
    const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto ticks = static_cast<double>(stat->user_ticks + stat->system_ticks);
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    Append(out, "process_cpu_seconds_total", Kind::kCounter,
           "Total user and system CPU time spent in seconds.", ticks / per_second);
    Append(out, "process_resident_memory_bytes", Kind::kGauge, "Resident memory size in bytes.",
           static_cast<double>(stat->resident_pages) * page);
    Append(out, "process_virtual_memory_bytes", Kind::kGauge, "Virtual memory size in bytes.",
           static_cast<double>(stat->virtual_bytes));
    Append(out, "process_start_time_seconds", Kind::kGauge,
           "Start time of the process since unix epoch in seconds.",
           static_cast<double>(boot_time) + static_cast<double>(stat->start_ticks) / per_second);
  }
  Append(out, "process_open_fds", Kind::kGauge, "Number of open file descriptors.",
         OpenDescriptors());
  Append(out, "process_max_fds", Kind::kGauge, "Maximum number of open file descriptors.",
         SoftLimit(RLIMIT_NOFILE));
  Append(out, "process_virtual_memory_max_bytes", Kind::kGauge,
         "Maximum amount of virtual memory available in bytes.", SoftLimit(RLIMIT_AS));
  if (const auto octets = ParseNetworkOctets(ReadText("/proc/self/net/netstat"))) {
    Append(out, "process_network_receive_bytes_total", Kind::kCounter,
           "Number of bytes received by the process over the network.",
           static_cast<double>(octets->received));
    Append(out, "process_network_transmit_bytes_total", Kind::kCounter,
           "Number of bytes sent by the process over the network.",
           static_cast<double>(octets->sent));
  }
}

void AppendMemory(std::vector<Family>& out) {
  const struct mallinfo2 info = mallinfo2();
  Append(out, "memstats_heap_alloc", Kind::kGauge, "Bytes handed out by the allocator and in use.",
         static_cast<double>(info.uordblks + info.hblkhd));
  Append(out, "memstats_sys", Kind::kGauge, "Bytes the allocator obtained from the system.",
         static_cast<double>(info.arena + info.hblkhd));
}

}  // namespace

double OpenDescriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = -1;
  while (const dirent* const entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count;
}

Registry::Source ProcessSource(std::string binary, std::string version) {
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const WallTime wall_start = clock.WallNow();
  const std::uint64_t boot_time = ParseBootTime(ReadText("/proc/stat")).value_or(0);
  return [=](std::vector<Family>& out) {
    AppendProcess(out, boot_time);
    AppendMemory(out);
    Append(out, "node_boot_time_seconds", Kind::kUntyped, "", static_cast<double>(boot_time));
    Append(out, "process_start_unix_time", Kind::kUntyped, "",
           static_cast<double>(UnixSeconds(wall_start)));
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(clock.Now() - start);
    Append(out, "uptime_sec", Kind::kCounter, "", static_cast<double>(uptime.count()));
    Append(out, "version", Kind::kUntyped, "", 1, {{"version", version}, {"binary", binary}});
  };
}

}  // namespace derp::metrics
