// The clients of one thread: logs them in, a few at a time, and then turns their events.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "tests/bench/load/connection.h"

namespace derp::load {

class ClientSet {
 public:
  // All references outlive it. Client i is at servers[server_of[i]].
  ClientSet(Tools& tools, const std::vector<Server>& servers,
            const std::vector<std::uint32_t>& server_of, PacketTaker& taker);

  // Blocks until all are logged in, one of them cannot be, or `stop` is set.
  std::optional<Error> ConnectAll(std::size_t parallel, const std::atomic<bool>& stop);

  // Waits at most so long, once, for events, and handles them.
  void Turn(Duration most);

  std::size_t size() const { return clients_.size(); }
  Connection& operator[](std::size_t place) { return *clients_[place]; }

 private:
  Tools& tools_;
  std::vector<std::unique_ptr<Connection>> clients_;
  std::size_t ready_ = 0;
  std::optional<Error> first_error_;
};

}  // namespace derp::load
