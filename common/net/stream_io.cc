#include "common/net/stream_io.h"

#include <cerrno>
#include <sys/socket.h>

#include "common/net/sockets.h"

namespace derp::net {
namespace {

bool WouldBlock(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

Error TimedOut(std::string_view doing) {
  return Error{ErrorCode::kTimeout, std::string(doing) + ": i/o timeout", 0};
}

}  // namespace

Expected<std::size_t, Error> ReceiveSome(int fd, ByteSpan out, TimePoint deadline) {
  if (out.empty()) return 0;
  for (;;) {
    const ssize_t received = ::recv(fd, out.data(), out.size(), MSG_DONTWAIT);
    if (received > 0) return static_cast<std::size_t>(received);
    if (received == 0) return Fail(Error{ErrorCode::kClosed, "EOF", 0});
    if (errno == EINTR) continue;
    if (!WouldBlock(errno)) return Fail(SystemError("read", errno));
    if (!WaitReadable(fd, deadline)) return Fail(TimedOut("read"));
  }
}

Expected<void, Error> SendAll(int fd, ByteView bytes, TimePoint deadline, AfterSend after) {
  const int more = after == AfterSend::kMoreFollows ? MSG_MORE : 0;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL | more);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (!WouldBlock(errno)) return Fail(SystemError("write", errno));
    if (!WaitWritable(fd, deadline)) return Fail(TimedOut("write"));
  }
  return {};
}

std::size_t SendWithoutWaiting(int fd, ByteView bytes) {
  if (bytes.empty()) return 0;
  const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace derp::net
