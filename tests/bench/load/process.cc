#include "tests/bench/load/process.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace derp::load {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double SchedulerSeconds(const std::string& process) {
  double nanoseconds = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(process + "/task", error)) {
    std::istringstream text(ReadAll(task.path().string() + "/schedstat"));
    double on_cpu = 0;
    if (text >> on_cpu) nanoseconds += on_cpu;
  }
  return nanoseconds / 1e9;
}

// The number behind `name`, blanks between.
std::int64_t NumberAfter(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return 0;
  const std::size_t digit = text.find_first_not_of(" \t", at + name.size());
  if (digit == std::string_view::npos) return 0;
  std::int64_t number = 0;
  std::from_chars(text.data() + digit, text.data() + text.size(), number);
  return number;
}

void AddTicks(const std::string& process, ProcessSample& sample) {
  const std::string text = ReadAll(process + "/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream rest(text.substr(name_end + 1));
  std::string word;
  for (int field = 3; field < 14; ++field) rest >> word;
  double user = 0;
  double system = 0;
  rest >> user >> system;
  const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  sample.user_seconds += user / per_second;
  sample.system_seconds += system / per_second;
}

}  // namespace

ProcessSample SampleProcesses(const std::vector<int>& pids) {
  ProcessSample sample;
  for (const int pid : pids) {
    const std::string process = "/proc/" + std::to_string(pid);
    sample.cpu_seconds += SchedulerSeconds(process);
    AddTicks(process, sample);
    const std::int64_t resident = NumberAfter(ReadAll(process + "/status"), "VmRSS:");
    if (resident > 0) ++sample.found;
    sample.resident_kib += static_cast<std::uint64_t>(resident);
  }
  return sample;
}

MachineSample SampleMachine() {
  std::istringstream text(ReadAll("/proc/stat"));
  std::string name;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double waiting = 0;
  double interrupts = 0;
  double soft_interrupts = 0;
  double stolen = 0;
  text >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> soft_interrupts >>
      stolen;
  const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {.busy_seconds = (user + nice + system + interrupts + soft_interrupts) / per_second,
          .stolen_seconds = stolen / per_second};
}

KernelMemory SampleKernelMemory() {
  const std::int64_t page_kib = sysconf(_SC_PAGESIZE) / 1024;
  const std::string sockets = ReadAll("/proc/net/sockstat");
  const std::size_t tcp = sockets.find("TCP:");
  const auto line =
      tcp == std::string::npos ? std::string_view() : std::string_view(sockets).substr(tcp);
  return {.tcp_kib = NumberAfter(line, " mem ") * page_kib,
          .slab_kib = NumberAfter(ReadAll("/proc/meminfo"), "Slab:")};
}

std::string CommandLine(int pid) {
  std::string words = ReadAll("/proc/" + std::to_string(pid) + "/cmdline");
  if (!words.empty()) words.pop_back();
  std::replace(words.begin(), words.end(), '\0', ' ');
  return words;
}

double OwnCpuSeconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

CpuMeasurement::CpuMeasurement(const std::vector<int>& server_pids)
    : pids_(server_pids),
      start_(SystemClock().Now()),
      servers_(SampleProcesses(pids_)),
      machine_(SampleMachine()),
      own_(OwnCpuSeconds()) {}

ServerFigures CpuMeasurement::End() const {
  const ProcessSample servers = SampleProcesses(pids_);
  const MachineSample machine = SampleMachine();
  ServerFigures figures;
  figures.seconds = std::chrono::duration<double>(SystemClock().Now() - start_).count();
  figures.own_cpu_seconds = OwnCpuSeconds() - own_;
  figures.machine_cpu_seconds = machine.busy_seconds - machine_.busy_seconds;
  figures.stolen_seconds = machine.stolen_seconds - machine_.stolen_seconds;
  figures.ended = servers.found < pids_.size();
  if (figures.ended) return figures;
  figures.cpu_seconds = servers.cpu_seconds - servers_.cpu_seconds;
  figures.user_seconds = servers.user_seconds - servers_.user_seconds;
  figures.system_seconds = servers.system_seconds - servers_.system_seconds;
  figures.resident_kib = servers.resident_kib;
  return figures;
}

}  // namespace derp::load
