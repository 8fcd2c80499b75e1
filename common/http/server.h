// A plain-HTTP server on an event loop, for service pages. Bounded in connections, time and bytes.
// Belongs to the loop's thread; the loop must outlive it and every Responder it gave out.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/http/router.h"
#include "common/http/server_connection.h"
#include "common/net/event_loop.h"
#include "common/net/fd.h"

namespace derp::http {

// derpprobe.md 7.3; one request takes little of either.
struct ServerOptions {
  std::size_t max_connections = 256;                  // above: closed at once
  Duration head_timeout = std::chrono::seconds(10);   // for a head and its body, and while idle
  Duration write_timeout = std::chrono::seconds(30);  // for one response
  ConnectionLimits limits{};
};

class Server {
 public:
  // `handler` runs in the loop's thread; the Responder may be used on any.
  static Expected<std::unique_ptr<Server>, Error> Start(net::EventLoop& loop,
                                                        const SocketAddress& address,
                                                        Handler handler,
                                                        const ServerOptions& options = {});
  ~Server();  // closes every connection at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const SocketAddress& address() const { return address_; }
  std::size_t connections() const { return connections_.size(); }
  std::uint64_t refused() const { return refused_; }  // for lack of room

 private:
  class Connection;
  Server(net::EventLoop& loop, net::Fd listener, const SocketAddress& address, Handler handler,
         const ServerOptions& options);
  void AcceptReady();
  void Remove(std::uint64_t id);
  Connection* Find(std::uint64_t id);

  net::EventLoop& loop_;
  const SocketAddress address_;
  const Handler handler_;
  const ServerOptions options_;
  net::Fd listener_;
  net::IoWatcher watcher_;
  net::Timer resume_;  // accepts again after descriptors ran out
  std::uint64_t next_id_ = 1;
  std::uint64_t refused_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  // Tells a late Responder that the server is gone.
  std::shared_ptr<Server*> alive_;
};

}  // namespace derp::http
