#include "common/base/file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace derp {
namespace {

// A descriptor for the length of a block; the layer above has one of its own (common/net/fd.h).
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return fd_; }
  // Closing can report a write that failed late.
  int Close() { return close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

Expected<std::string, Error> ReadAll(int fd, const std::string& name, std::size_t max_bytes) {
  std::string content;
  char block[16 * 1024];
  for (;;) {
    const ssize_t count = read(fd, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(SystemError("read " + name, errno));
    if (count == 0) return content;
    if (content.size() + static_cast<std::size_t>(count) > max_bytes) {
      return Fail(Error{.code = ErrorCode::kTooLarge,
                        .context = fmt::format("read {}: more than {} bytes", name, max_bytes)});
    }
    content.append(block, static_cast<std::size_t>(count));
  }
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Fills the temporary file; on failure says what failed, errno being set.
const char* FillTemporary(OpenFile& file, std::string_view content, unsigned mode) {
  if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0) return "chmod";
  if (!WriteAll(file.get(), content)) return "write";
  if (fsync(file.get()) != 0) return "fsync";
  if (file.Close() != 0) return "close";
  return nullptr;
}

}  // namespace

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Expected<std::string, Error> ReadFile(const std::string& path, std::size_t max_bytes) {
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Fail(SystemError("open " + path, errno));
  return ReadAll(file.get(), path, max_bytes);
}

Expected<std::string, Error> ReadStandardInput(std::size_t max_bytes) {
  return ReadAll(STDIN_FILENO, "stdin", max_bytes);
}

Expected<void, Error> WriteFileAtomically(const std::string& path, std::string_view content,
                                          unsigned mode) {
  struct stat existing{};
  if (lstat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode)) {
    return Fail(
        Error{.code = ErrorCode::kExists, .context = path + " exists and is not a regular file"});
  }
  std::string temporary = path + ".tmpXXXXXX";
  OpenFile file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return Fail(SystemError("create " + temporary, errno));
  const char* failed = FillTemporary(file, content, mode);
  if (failed == nullptr && rename(temporary.c_str(), path.c_str()) != 0) failed = "rename";
  if (failed != nullptr) {
    const int error = errno;
    unlink(temporary.c_str());
    return Fail(SystemError(fmt::format("{} {}", failed, temporary), error));
  }
  const OpenFile directory(open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) fsync(directory.get());  // The rename itself; some systems refuse it.
  return {};
}

Expected<void, Error> MakeDirectories(const std::string& path, unsigned mode) {
  for (std::size_t end = path.find('/', 1); !path.empty(); end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    struct stat existing{};
    const bool is_directory = stat(part.c_str(), &existing) == 0 && S_ISDIR(existing.st_mode);
    if (!is_directory && mkdir(part.c_str(), static_cast<mode_t>(mode)) != 0) {
      return Fail(SystemError("mkdir " + part, errno));
    }
    if (end == std::string::npos) break;
  }
  return {};
}

bool FileExists(const std::string& path) {
  struct stat existing{};
  return lstat(path.c_str(), &existing) == 0;
}

bool IsReadableByOthers(const std::string& path) {
  struct stat existing{};
  return stat(path.c_str(), &existing) == 0 && (existing.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

}  // namespace derp
