// A network of a test's own, where loopback has any address, and a STUN server that likes plain
// requests only.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/net/sockets.h"

namespace derp::test {

// Runs `check` in a process of its own whose loopback interface has these IPv4 addresses too. What
// it says; empty where the system refuses such a network.
std::optional<bool> InLoneNetwork(const std::vector<std::string>& addresses,
                                  const std::function<bool()>& check);

class PlainStunServer {
 public:
  PlainStunServer();
  ~PlainStunServer();
  PlainStunServer(const PlainStunServer&) = delete;
  PlainStunServer& operator=(const PlainStunServer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  void Run();

  net::Fd fd_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace derp::test
