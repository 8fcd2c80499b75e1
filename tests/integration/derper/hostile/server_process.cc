#include "tests/integration/derper/hostile/server_process.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "common/net/sockets.h"

namespace derp::test {
namespace {

constexpr auto kStartTime = std::chrono::seconds(20);
constexpr auto kStopTime = std::chrono::seconds(20);
constexpr int kPollMs = 5;
constexpr std::string_view kServing = "serving on ";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

SocketAddress FreeAddress() {
  const auto listener = net::ListenTcp({IpAddress::V4({127, 0, 0, 1}), 0}, {});
  if (!listener) throw std::runtime_error("no free port");
  return *net::LocalAddress(listener->get());
}

std::int64_t NumberBehind(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::atoll(text.c_str() + at + name.size());
}

std::vector<std::string> Arguments(const ServerCommand& command, const std::string& directory,
                                   const SocketAddress& address) {
  std::vector<std::string> arguments = {command.program,
                                        "-a",
                                        address.ToString(),
                                        "-http-port=-1",
                                        "-stun=false",
                                        "-certmode=manual",
                                        "-hostname",
                                        "127.0.0.1",
                                        "-certdir",
                                        directory,
                                        "-c",
                                        directory + "/key.json",
                                        "-mesh-psk-file",
                                        directory + "/mesh.key"};
  if (!command.stock) arguments.emplace_back("-workers=2");
  if (!command.argument.empty()) arguments.push_back(command.argument);
  return arguments;
}

// Freed memory that a sanitizer keeps back for its own purposes is not the relay's.
void LimitQuarantine() {
  const char* given = std::getenv("ASAN_OPTIONS");
  const std::string options = (given == nullptr ? std::string() : std::string(given) + ":") +
                              "quarantine_size_mb=1:malloc_context_size=5";
  setenv("ASAN_OPTIONS", options.c_str(), 1);
}

}  // namespace

ServerProcess::ServerProcess(const ServerCommand& command)
    : mesh_key_(*MeshKey::Parse(std::string(64, '7'))), address_{IpAddress::V4({127, 0, 0, 1}), 0} {
  std::ofstream(directory_ / "mesh.key") << std::string(64, '7') << "\n";
  std::filesystem::permissions(directory_ / "mesh.key", std::filesystem::perms::owner_read);
  if (command.stock) address_ = FreeAddress();
  Spawn(command);
  AwaitListening(command.stock);
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) Stop();
}

void ServerProcess::Spawn(const ServerCommand& command) {
  std::vector<std::string> arguments = Arguments(command, directory_.path(), address_);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const int log = open((directory_ / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  pid_ = fork();
  if (pid_ != 0) {
    close(log);
    if (pid_ < 0) throw std::runtime_error("fork failed");
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  if (command.descriptor_limit > 0) {
    const rlimit limit{.rlim_cur = command.descriptor_limit, .rlim_max = command.descriptor_limit};
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  LimitQuarantine();
  execv(command.program.c_str(), pointers.data());
  _exit(127);
}

void ServerProcess::AwaitListening(bool stock) {
  const SystemClock clock;
  const TimePoint deadline = clock.Now() + kStartTime;
  while (!EndsBy(clock.Now()) && clock.Now() < deadline) {
    poll(nullptr, 0, kPollMs);
    if (!stock) {
      const std::string log = Log();
      const std::size_t at = log.find(kServing);
      if (at == std::string::npos || log.find('\n', at) == std::string::npos) continue;
      const std::size_t from = at + kServing.size();
      const auto address =
          SocketAddress::Parse(log.substr(from, log.find_first_of(" \n", from) - from));
      if (!address) break;
      address_ = *address;
      return;
    }
    if (net::ConnectTcp(address_, deadline)) return;
  }
  throw std::runtime_error("the relay did not start:\n" + Log());
}

Usage ServerProcess::ReadUsage() const {
  const std::string folder = "/proc/" + std::to_string(pid_);
  const std::string status = ReadAll(folder + "/status");
  Usage usage{.memory_kib = NumberBehind(status, "VmRSS:"),
              .peak_kib = NumberBehind(status, "VmHWM:")};
  // Fields 14 and 15; the second may hold blanks, but ends with the last parenthesis.
  const std::string stat = ReadAll(folder + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  usage.cpu_seconds =
      static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd", ignored)) {
    usage.descriptors += entry.path().empty() ? 0U : 1U;
  }
  return usage;
}

void ServerProcess::ResetPeak() const {
  std::ofstream("/proc/" + std::to_string(pid_) + "/clear_refs") << "5";
}

std::string ServerProcess::Log() const { return ReadAll(directory_ / "log"); }

bool ServerProcess::EndsBy(TimePoint deadline) {
  const SystemClock clock;
  while (pid_ > 0) {
    if (waitpid(pid_, &status_, WNOHANG) == pid_) {
      pid_ = -1;
    } else if (clock.Now() >= deadline) {
      return false;
    } else {
      poll(nullptr, 0, kPollMs);
    }
  }
  return true;
}

int ServerProcess::Stop() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    if (!EndsBy(SystemClock().Now() + kStopTime)) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &status_, 0);
      pid_ = -1;
    }
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

}  // namespace derp::test
