#include "derpprobe/history/state_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::probe {

Expected<StateLock, Error> StateLock::Take(const std::string& path) {
  net::Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Fail(SystemError("open " + path, errno));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(SystemError("flock " + path, errno));
    char text[32] = {};
    const ssize_t got = pread(fd.get(), text, sizeof text - 1, 0);
    const std::string holder(
        TrimSpace({text, got > 0 ? static_cast<std::size_t>(got) : std::size_t{0}}));
    return Fail(Error{ErrorCode::kExists,
                      fmt::format("another derpprobe{} uses this directory",
                                  holder.empty() ? "" : " (process " + holder + ")"),
                      0});
  }
  // For people only: a failure to write it changes nothing.
  const std::string id = fmt::format("{}\n", getpid());
  if (ftruncate(fd.get(), 0) == 0) (void)!pwrite(fd.get(), id.data(), id.size(), 0);
  return StateLock(std::move(fd));
}

}  // namespace derp::probe
