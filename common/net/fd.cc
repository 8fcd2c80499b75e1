#include "common/net/fd.h"

#include <unistd.h>

namespace derp::net {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

Fd::~Fd() { Close(); }

void Fd::Close() {
  // Linux closes the descriptor even when close() is interrupted; a second call could hit another.
  if (fd_ >= 0) ::close(Release());
}

}  // namespace derp::net
