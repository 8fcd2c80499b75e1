// A STUN server on loopback that behaves as told: answers, keeps silent for a while, or sees
// another address than the true one. Runs on a thread of its own until it is destroyed.
#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "common/net/sockets.h"

namespace derp::test {

struct StunBehaviour {
  unsigned ignore_first = 0;              // requests that get no answer
  std::optional<SocketAddress> mapped{};  // what the answers say, instead of the source
};

class StunResponder {
 public:
  // `address` as "127.0.0.1" or "::1"; the port is the kernel's choice.
  explicit StunResponder(std::string_view address, StunBehaviour behaviour = {});
  ~StunResponder();
  StunResponder(const StunResponder&) = delete;
  StunResponder& operator=(const StunResponder&) = delete;

  std::uint16_t port() const { return local_.port; }
  unsigned requests() const { return requests_; }

  static constexpr unsigned kAll = ~0U;  // for ignore_first

 private:
  void Run();

  const StunBehaviour behaviour_;
  net::Fd fd_;
  SocketAddress local_;
  std::atomic<bool> ending_ = false;
  std::atomic<unsigned> requests_ = 0;
  std::thread thread_;
};

}  // namespace derp::test
