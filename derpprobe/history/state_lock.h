// Keeps a second process away from a state directory: an flock on a file in it, which holds the
// owner's process id. Held as long as the object lives; the kernel gives it back when the process
// ends, however that happens.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/net/fd.h"

namespace derp::probe {

class StateLock {
 public:
  // kExists with the holder's process id when another process has it.
  static Expected<StateLock, Error> Take(const std::string& path);

 private:
  explicit StateLock(net::Fd fd) : fd_(std::move(fd)) {}

  net::Fd fd_;
};

}  // namespace derp::probe
