// Logs clients in and joins them to pairs. A client speaks TLS, the HTTP upgrade and the DERP
// login; its first packet names its peer, and then both belong to a relay loop. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/crypto/random.h"
#include "tests/bench/limit/loop.h"

namespace derp::limit {

class Login {
 public:
  // All borrowed; `context` is null for clear text.
  Login(int listener, SSL_CTX* context, std::vector<std::unique_ptr<Loop>>& loops);
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

  // Until `stop_fd` is readable.
  void Run(int stop_fd);

 private:
  enum class Stage { kHandshake, kHead, kInfo, kPacket };
  struct Visitor {
    std::unique_ptr<Client> client;
    Stage stage = Stage::kHandshake;
  };

  void AcceptAll();
  void Receive(int fd);
  // False when the client has to go.
  bool Advance(Visitor& visitor);
  bool TakeHead(Visitor& visitor);
  bool TakeInfo(Visitor& visitor);
  bool TakePacket(Visitor& visitor);
  void Join(int source, int destination);

  const int listener_;
  SSL_CTX* const context_;
  std::vector<std::unique_ptr<Loop>>& loops_;
  std::size_t next_loop_ = 0;
  SystemRandom random_;
  NodePrivate key_;
  net::Fd epoll_;
  Bytes received_;
  Bytes plain_;
  std::map<int, Visitor> visitors_;  // by descriptor
  std::map<NodePublic, int> by_key_;
};

}  // namespace derp::limit
