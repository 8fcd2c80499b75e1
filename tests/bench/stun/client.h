// One client of a STUN server: a UDP socket that sends binding requests as Tailscale's clients do
// and judges each answer: its transaction, its form, and that it names this socket's address. Each
// request is answered once; a second answer counts as duplicated. Linux only. One thread.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/fd.h"
#include "common/stun/message.h"
#include "tests/bench/load/histogram.h"

namespace derp::stunload {

struct Counts {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;  // right ones, once each
  std::uint64_t duplicated = 0;
  std::uint64_t wrong = 0;     // no answer to a request of ours, or of another form or address
  std::uint64_t not_sent = 0;  // refused by this machine's kernel

  Counts& operator+=(const Counts& other);
};

class Client {
 public:
  static constexpr std::size_t kMostAtOnce = 64;

  // `nonce` tells this run's requests from others', `index` this client's from the other clients'.
  static Expected<std::unique_ptr<Client>, Error> Open(const SocketAddress& server,
                                                       std::uint32_t nonce, std::uint32_t index);

  // `count` requests, at most kMostAtOnce, in one system call. Segmented: as one buffer that the
  // kernel cuts (UDP_SEGMENT), which costs the sender less; they arrive one by one all the same.
  void Send(std::size_t count, bool segmented, TimePoint now);

  // Takes all that has arrived; round trips are noted in `times` when it is given.
  void Receive(load::Histogram* times);

  int fd() const { return fd_.get(); }
  const Counts& counts() const { return counts_; }

 private:
  static constexpr std::size_t kRemembered = 16384;  // requests; those before are given up
  struct Buffers;

  Client(net::Fd fd, const SocketAddress& local, std::uint32_t nonce, std::uint32_t index);
  void SendEach(std::size_t count);
  void SendSegmented(std::size_t count);
  void Judge(ByteView answer, TimePoint now, load::Histogram* times);
  bool IsAddressRight(ByteView answer) const;

  net::Fd fd_;
  SocketAddress local_;
  stun::TransactionId id_;            // its last four bytes are the request's number
  std::array<std::uint8_t, 8> head_;  // of the answer an IPv4 client gets
  std::array<std::uint8_t, 12> attribute_;
  std::uint32_t next_ = 0;
  std::bitset<kRemembered> waiting_;
  std::vector<TimePoint> sent_at_;
  Counts counts_;
};

}  // namespace derp::stunload
