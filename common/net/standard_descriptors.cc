#include "common/net/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace derp::net {

void ReserveStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // open() gives the lowest free number, and those below are taken by now.
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return;
  }
}

}  // namespace derp::net
