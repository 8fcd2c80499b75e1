#include "tests/integration/derper/admission/scripted_http.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace derp::test {
namespace {

void Require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

// What the head says follows it.
std::size_t BodyLength(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : static_cast<std::size_t>(std::atoi(head.c_str() + at + 16));
}

}  // namespace

ScriptedHttp::ScriptedHttp(Script script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  Require(bind(listener_.get(), generic, size) == 0, "bind");
  Require(getsockname(listener_.get(), generic, &size) == 0, "getsockname");
  Require(listen(listener_.get(), 100) == 0, "listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedHttp::ScriptedHttp(const std::string& unix_socket, Script script)
    : script_(std::move(script)), listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  unlink(unix_socket.c_str());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Require(unix_socket.size() < sizeof(address.sun_path), "the socket's path is too long");
  std::memcpy(address.sun_path, unix_socket.c_str(), unix_socket.size());
  Require(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
          "bind");
  Require(listen(listener_.get(), 100) == 0, "listen");
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedHttp::~ScriptedHttp() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (const net::Fd& fd : connections_) shutdown(fd.get(), SHUT_RDWR);
  }
  shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    threads = std::exchange(threads_, {});
  }
  for (std::thread& thread : threads) thread.join();
}

std::string ScriptedHttp::Url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<std::string> ScriptedHttp::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

void ScriptedHttp::Accept() {
  while (true) {
    net::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.get() < 0) return;
    const MutexLock lock(mutex_);
    if (stopping_) return;
    threads_.emplace_back([this, raw = fd.get()] { Serve(raw); });
    connections_.push_back(std::move(fd));
  }
}

void ScriptedHttp::Serve(int fd) {
  std::string request;
  std::array<char, 4096> buffer{};
  while (true) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end != std::string::npos && request.size() >= end + 4 + BodyLength(request)) break;
    const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    request.append(buffer.data(), static_cast<std::size_t>(count));
  }
  {
    const MutexLock lock(mutex_);
    requests_.push_back(request);
  }
  const Reply reply = script_(request);
  for (std::size_t sent = 0; sent < reply.bytes.size();) {
    const ssize_t count =
        send(fd, reply.bytes.data() + sent, reply.bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  if (reply.hang) {
    while (recv(fd, buffer.data(), buffer.size(), 0) > 0) {
    }
  }
  shutdown(fd, SHUT_RDWR);
}

std::string HttpReply(int status, const std::string& body, const std::string& more_headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Reply\r\nConnection: close\r\n" + more_headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace derp::test
