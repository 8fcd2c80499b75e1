#include "derpprobe/alerts/command_sink.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "common/net/fd.h"

namespace derp::probe {

namespace {

constexpr auto kFirstLook = std::chrono::milliseconds(2);
constexpr auto kLongestLook = std::chrono::milliseconds(50);

AlertFailure Failed(std::string text) {
  return {Error{ErrorCode::kSystem, std::move(text), 0}, false};
}

// A file without a name that holds the event: the program reads at its own pace, and one that reads
// nothing blocks nobody.
Expected<net::Fd, Error> InputFile(const std::string& text) {
  net::Fd fd(memfd_create("alert", MFD_CLOEXEC));
  if (!fd.valid()) return Fail(SystemError("memfd_create", errno));
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t got = write(fd.get(), text.data() + written, text.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Fail(SystemError("write", errno));
    written += static_cast<std::size_t>(got);
  }
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return Fail(SystemError("lseek", errno));
  return fd;
}

// How the program starts: descriptors 0 to 2, a process group of its own, signals as by default.
class SpawnSetup {
 public:
  explicit SpawnSetup(int input) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(
        &attributes_,
        static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t set;
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Expected<CommandSink, Error> CommandSink::Make(
    std::string path, const std::map<std::string, std::string>& environment, const Clock& clock) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    return Fail(Error{ErrorCode::kInvalidArgument,
                      SystemError("-alert-command " + path, errno).context, 0});
  }
  if (!S_ISREG(info.st_mode) || access(path.c_str(), X_OK) != 0) {
    return Fail(Error{ErrorCode::kInvalidArgument,
                      fmt::format("-alert-command {}: not an executable file", path), 0});
  }
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  return CommandSink(std::move(path), std::move(variables), clock);
}

Expected<void, AlertFailure> CommandSink::Deliver(const std::string& json, TimePoint deadline) {
  const auto input = InputFile(json + "\n");
  if (!input) return Fail(Failed(input.error().context));
  const SpawnSetup setup(input->get());
  std::string name = path_;
  char* const arguments[] = {name.data(), nullptr};
  std::vector<char*> variables;
  std::vector<std::string> environment = environment_;
  for (std::string& variable : environment) variables.push_back(variable.data());
  variables.push_back(nullptr);
  pid_t process = 0;
  const int failed = posix_spawn(&process, path_.c_str(), setup.actions(), setup.attributes(),
                                 arguments, variables.data());
  if (failed != 0) return Fail(Failed(SystemError(path_, failed).context));
  const TimePoint began = clock_.Now();
  const auto status = Wait(process, deadline);
  if (!status) {
    const auto seconds = std::chrono::duration<double>(clock_.Now() - began).count();
    return Fail(Failed(fmt::format("{}: killed after {:.0f} s", path_, seconds)));
  }
  if (WIFSIGNALED(*status)) {
    return Fail(Failed(fmt::format("{}: ended by signal {}", path_, WTERMSIG(*status))));
  }
  if (WEXITSTATUS(*status) != 0) {
    return Fail(Failed(fmt::format("{}: exit status {}", path_, WEXITSTATUS(*status))));
  }
  return {};
}

// Looks now and then: a wait for a child with a deadline needs a signal handler or a descriptor
// that not every kernel gives.
std::optional<int> CommandSink::Wait(int process, TimePoint deadline) const {
  int status = 0;
  Duration pause = kFirstLook;
  for (;;) {
    const pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == process) return status;
    if (ended < 0 && errno != EINTR) return 0;  // nobody's child any more
    if (clock_.Now() >= deadline) break;
    std::this_thread::sleep_for(std::min(pause, Remaining(clock_.Now(), deadline)));
    pause = std::min<Duration>(pause * 2, kLongestLook);
  }
  kill(-process, SIGKILL);
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return std::nullopt;
}

}  // namespace derp::probe
