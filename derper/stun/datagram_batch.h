// Datagrams received many at a time (recvmmsg) and answered in their own order. Linux only. One
// thread.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/stun/message.h"
#include "derper/stun/answer_sender.h"

namespace derp::relay {

class DatagramBatch {
 public:
  static constexpr std::size_t kSlots = AnswerSender::kMost;

  explicit DatagramBatch(int fd);  // a blocking socket, which outlives this
  ~DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // Waits for a datagram and takes all that have come, at most kSlots. Drops what was there before.
  // A datagram longer than stun::kMaxDatagram is cut. Once reading is shut down, an empty one at
  // once.
  Expected<std::size_t, Error> Receive();
  ByteView datagram(std::size_t slot) const;     // until the next Receive()
  SocketAddress Source(std::size_t slot) const;  // unmapped, without zone

  // Notes the answer to a slot; one for each.
  void Reply(std::size_t slot, ByteView answer);

  AnswerSender::Sent SendReplies() { return sender_.Send(fd_); }

 private:
  struct Arrays;
  int fd_;
  std::unique_ptr<Arrays> arrays_;
  AnswerSender sender_;
};

}  // namespace derp::relay
