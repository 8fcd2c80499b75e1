// A TCP connection on an event loop: DNS on a thread of its own, then one address after the other.
// Belongs to the loop's thread; destroying it cancels.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/event_loop.h"
#include "common/net/fd.h"
#include "common/net/resolver.h"

namespace derp {

class LoopDialer {
 public:
  // Called once, never from within Start(); may destroy the dialer.
  using Callback = std::function<void(Expected<net::Fd, Error>)>;

  // `loop` outlives the dialer. The resolver is shared with the thread that asks it, which may be
  // left behind when the dialer goes.
  LoopDialer(net::EventLoop& loop, std::shared_ptr<net::Resolver> resolver, Callback callback);
  ~LoopDialer();
  LoopDialer(const LoopDialer&) = delete;
  LoopDialer& operator=(const LoopDialer&) = delete;

  // The addresses share the time until `deadline`.
  void Start(const std::string& host, std::uint16_t port, TimePoint deadline);

 private:
  struct Lookup;
  using Found = Expected<std::vector<IpAddress>, net::DnsError>;

  static void Ask(std::shared_ptr<Lookup> lookup, std::shared_ptr<net::Resolver> resolver,
                  const std::string& host, TimePoint deadline);
  void OnResolved(const Found& found);
  void TryNext();
  void OnWritable();
  void Failed(Error error);
  void Done(Expected<net::Fd, Error> result);

  net::EventLoop& loop_;
  std::shared_ptr<net::Resolver> resolver_;
  Callback callback_;
  std::shared_ptr<Lookup> lookup_;
  std::uint16_t port_ = 0;
  TimePoint deadline_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_ = 0;
  std::optional<Error> first_error_;
  net::Timer attempt_timer_;
  net::Fd fd_;
  std::unique_ptr<net::IoWatcher> watcher_;  // of fd_: goes first
};

}  // namespace derp
