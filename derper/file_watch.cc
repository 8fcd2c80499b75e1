#include "derper/file_watch.h"

#include <sys/stat.h>
#include <utility>

namespace derp::relay {
namespace {

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
}

}  // namespace

FileWatch::FileWatch(std::vector<std::string> files, Reload reload, Tell tell, const Clock& clock)
    : files_(std::move(files)),
      reload_(std::move(reload)),
      tell_(std::move(tell)),
      clock_(clock),
      seen_(Look()) {}

FileWatch::Print FileWatch::PrintOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return {};
  return {.device = std::uint64_t{info.st_dev},
          .inode = std::uint64_t{info.st_ino},
          .size = std::int64_t{info.st_size},
          .modified = Nanoseconds(info.st_mtim),
          .changed = Nanoseconds(info.st_ctim)};
}

std::vector<FileWatch::Print> FileWatch::Look() const {
  std::vector<Print> prints;
  for (const std::string& path : files_) prints.push_back(PrintOf(path));
  return prints;
}

void FileWatch::Poll() {
  // Before reading: what changes while we read is then seen at the next look.
  std::vector<Print> now = Look();
  if (now != seen_) {
    seen_ = std::move(now);
    seen_since_ = clock_.Now();
    const auto outcome = reload_();
    untold_.reset();
    if (outcome) {
      tell_(outcome);
    } else {
      untold_ = outcome.error();
    }
    return;
  }
  if (!untold_ || clock_.Now() - seen_since_ < kPatience) return;
  const Error error = *std::exchange(untold_, std::nullopt);
  tell_(Fail(error));
}

Expected<std::string, Error> FileWatch::ReloadNow() {
  seen_ = Look();
  untold_.reset();
  return reload_();
}

}  // namespace derp::relay
