// Sends the answers of a batch in one system call (sendmmsg). Each leaves from the address its
// request came to. Answers of one size to one client leave as one buffer that the kernel or the
// network card cuts (UDP_SEGMENT), so that a flood from few sources costs less; where that is not
// possible they leave one by one. Linux only. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sys/socket.h>

#include "common/base/bytes.h"

namespace derp::relay {

class AnswerSender {
 public:
  static constexpr std::size_t kMost = 64;  // also the most that every kernel cuts from one buffer

  // Whether the kernel of `fd` cuts buffers. One that does not know the request for it would send
  // the buffer whole.
  static bool CanSegment(int fd);

  explicit AnswerSender(bool segments);
  ~AnswerSender();
  AnswerSender(const AnswerSender&) = delete;
  AnswerSender& operator=(const AnswerSender&) = delete;

  // Notes an answer to what was received with `request`; at most kMost before a Send(). Both must
  // stay until then.
  void Add(const msghdr& request, ByteSpan answer);

  // Sends what was noted. A datagram the kernel refuses is left out, and the rest goes on.
  struct Sent {
    std::size_t success = 0;
    std::size_t failed = 0;
    int last_errno = 0;
  };
  Sent Send(int fd);

 private:
  struct Arrays;

  void Group();
  std::size_t FillMessages();
  void SendEach(int fd, std::size_t group, Sent& sent);

  bool segments_;
  std::size_t count_ = 0;
  std::size_t groups_ = 0;
  std::unique_ptr<Arrays> arrays_;
};

}  // namespace derp::relay
