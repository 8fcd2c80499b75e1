// A relay on loopback that fails as a test tells it: every connection is played by a script of its
// own, in a thread of its own. What a script does wrong because the client left is no failure.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/derpmap/model.h"
#include "tests/integration/derp/relay_side.h"

namespace derp::test {

class FaultyRelay {
 public:
  // `index` counts the connections from 0.
  using Script = std::function<void(net::Fd fd, int index)>;

  explicit FaultyRelay(Script script, std::string ip = "127.0.0.1");
  // Every connection over `tls`, played the same way.
  FaultyRelay(TestTls tls, std::function<void(RelaySide&, int index)> script,
              const std::string& ip = "127.0.0.1");
  ~FaultyRelay();
  FaultyRelay(const FaultyRelay&) = delete;
  FaultyRelay& operator=(const FaultyRelay&) = delete;

  std::uint16_t port() const { return port_; }
  // Its address, pinned when it has a certificate, without IPv6 and STUN.
  derpmap::Node Node() const;

 private:
  void Run();

  Script script_;
  std::string ip_;
  std::string pin_;
  net::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> connections_;
  std::thread thread_;
};

}  // namespace derp::test
