// Datagrams received and answered many at a time (recvmmsg, sendmmsg). Each answer leaves from the
// address its request came to. Linux only. One thread.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/stun/message.h"

namespace derp::relay {

class DatagramBatch {
 public:
  static constexpr std::size_t kSlots = 32;

  DatagramBatch();
  ~DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // How many wait, at most kSlots; 0 when none does. Never blocks. Drops what was there before. A
  // datagram longer than stun::kMaxDatagram is cut.
  Expected<std::size_t, Error> Receive(int fd);
  ByteView datagram(std::size_t slot) const;     // until the next Receive()
  SocketAddress Source(std::size_t slot) const;  // unmapped, without zone

  // Notes the answer to a slot.
  void Reply(std::size_t slot, Bytes bytes);

  // Sends the noted answers. A datagram the kernel refuses is left out, and the rest goes on.
  struct Sent {
    std::size_t success = 0;
    std::size_t failed = 0;
    int last_errno = 0;
  };
  Sent SendReplies(int fd);

 private:
  struct Arrays;
  std::unique_ptr<Arrays> arrays_;
  std::size_t received_ = 0;
  std::size_t replies_ = 0;
};

}  // namespace derp::relay
