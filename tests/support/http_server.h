// An HTTP server on loopback whose handler is the test's. Its thread ends with it.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "common/http/server.h"
#include "common/net/event_loop.h"

namespace derp::test {

class HttpServer {
 public:
  explicit HttpServer(http::Handler handler) {
    auto server =
        http::Server::Start(loop_, *SocketAddress::Parse("127.0.0.1:0"), std::move(handler));
    if (!server) throw std::runtime_error(server.error().context);
    server_ = std::move(*server);
    address_ = server_->address().ToString();
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~HttpServer() {
    loop_.Post([this] { server_.reset(); });
    loop_.Stop();
    thread_.join();
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string Url(std::string_view path = "") const {
    return "http://" + address_ + std::string(path);
  }

 private:
  net::EventLoop loop_;
  std::unique_ptr<http::Server> server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace derp::test
