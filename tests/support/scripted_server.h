// A UDP server on loopback that does to each request what a test says.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "common/net/sockets.h"
#include "common/stun/message.h"

namespace derp::test {

struct Answer {
  Bytes bytes;
  bool from_elsewhere = false;  // sent from another port
};

// `number` counts requests from 1; `source` is unmapped. Runs in the server's thread.
using Script = std::function<std::vector<Answer>(const stun::TransactionId& id,
                                                 const SocketAddress& source, unsigned number)>;

class ScriptedServer {
 public:
  ScriptedServer(const char* address, Script script);  // throws when it cannot be bound
  ~ScriptedServer();

  SocketAddress address() const { return address_; }
  unsigned requests() const { return requests_; }

 private:
  void Run();

  Script script_;
  net::Fd fd_;
  net::Fd elsewhere_;
  SocketAddress address_;
  std::atomic<bool> stopping_ = false;
  std::atomic<unsigned> requests_ = 0;
  std::thread thread_;
};

}  // namespace derp::test
