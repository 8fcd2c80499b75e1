// A TCP connection on an event loop to whichever of several addresses answers first
// (derpprobe.md 5.1). Belongs to the loop's thread; destroying it cancels.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/net/event_loop.h"
#include "common/net/fd.h"

namespace derp::diagnosis {

class RaceDialer {
 public:
  // Called once, never from within the constructor; may destroy the dialer.
  using Callback = std::function<void(Expected<net::Fd, Error>)>;

  RaceDialer(net::EventLoop& loop, const std::vector<SocketAddress>& addresses, Duration limit,
             Callback callback);
  ~RaceDialer();
  RaceDialer(const RaceDialer&) = delete;
  RaceDialer& operator=(const RaceDialer&) = delete;

 private:
  struct Attempt {
    SocketAddress address;
    net::Fd fd;
    std::unique_ptr<net::IoWatcher> watcher;  // of fd: goes first
  };

  void OnWritable(Attempt& attempt);
  void Failed(Attempt* attempt, Error error);
  void Done(Expected<net::Fd, Error> result);

  Callback callback_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::optional<Error> error_;  // the one that says most
  net::Timer limit_timer_;
};

}  // namespace derp::diagnosis
