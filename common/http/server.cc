#include "common/http/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include "common/net/sockets.h"

namespace derp::http {
namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr auto kLinger = std::chrono::seconds(1);  // for the peer to read a reply before the close
constexpr int kAcceptsPerTurn = 64;
constexpr std::size_t kReadSize = 16 * 1024;

}  // namespace

class Server::Connection {
 public:
  Connection(Server& server, std::uint64_t id, net::Accepted accepted)
      : server_(server),
        id_(id),
        fd_(std::move(accepted.fd)),
        http_(accepted.peer, /*tls=*/false, server.options_.limits),
        watcher_(server.loop_, fd_.get(), [this](net::IoEvents events) { OnEvents(events); }),
        timer_(server.loop_, [this] { server_.Remove(id_); }) {
    timer_.Start(server.options_.head_timeout);
    watcher_.Want(true, false);
  }

  void Respond(const Response& response) {
    http_.Respond(response, server_.loop_.WallNow(), output_);
    if (streaming()) {
      // The connection leaves the stream before the server goes, so the loop is there.
      http_.stream().Listen(
          [loop = &server_.loop_, alive = std::weak_ptr(server_.alive_), id = id_] {
            loop->Post([alive, id] {
              const auto server = alive.lock();
              if (!server) return;
              if (Connection* connection = (*server)->Find(id)) connection->Advance({});
            });
          });
    }
    Advance({});
  }

 private:
  bool streaming() const { return http_.phase() == ServerConnection::Phase::kStreaming; }

  void OnEvents(net::IoEvents events) {
    if (events.writable && !output_.empty()) return Advance({});
    if (!events.readable && !events.error) return;
    std::array<std::uint8_t, kReadSize> buffer;
    // While a reply lingers there is no room in the connection: what comes is thrown away.
    const std::size_t room = lingering_ ? kReadSize : std::min(kReadSize, http_.input_room());
    if (room == 0 && !events.error) return;
    const ssize_t count = ::recv(fd_.get(), buffer.data(), room, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return server_.Remove(id_);
    if (!lingering_) Advance(ByteView(buffer).first(static_cast<std::size_t>(count)));
  }

  // Writes, parses, handles, and decides what to wait for. May end the connection. A next request
  // is only taken when the response before it has left, so a client that does not read holds one.
  void Advance(ByteView input) {
    if (streaming()) (void)http_.Next(input, server_.loop_.WallNow(), output_);  // for afterwards
    if (!Flush()) return server_.Remove(id_);
    const bool was_idle = http_.phase() == ServerConnection::Phase::kIdle;
    if (output_.empty() && streaming()) {
      timer_.Stop();  // the limit is for a client that takes nothing
      writing_ = false;
      http_.Pump(output_);
      if (!Flush()) return server_.Remove(id_);
    }
    if (output_.empty() && !streaming()) {
      if (auto request = http_.Next(input, server_.loop_.WallNow(), output_)) {
        timer_.Stop();  // a handler has deadlines of its own
        Handle(std::move(*request));
      }
      if (!Flush()) return server_.Remove(id_);
    }
    if (!output_.empty()) {
      if (!std::exchange(writing_, true)) timer_.Start(server_.options_.write_timeout);
      watcher_.Want(streaming() && http_.input_room() > 0, true);
      return;
    }
    const bool wrote = std::exchange(writing_, false);
    const auto phase = http_.phase();
    if (phase == ServerConnection::Phase::kClosing) return Linger();
    watcher_.Want(http_.input_room() > 0, false);
    if (phase == ServerConnection::Phase::kHandling || streaming()) {
      timer_.Stop();
    } else if (was_idle || wrote || !timer_.active()) {
      timer_.Start(server_.options_.head_timeout);
    }
  }

  void Handle(Request request) {
    // Always by way of the loop, so that a handler that answers at once does not recurse here.
    auto send = [loop = &server_.loop_, alive = std::weak_ptr(server_.alive_),
                 id = id_](Response response) {
      loop->Post([alive, id, response = std::move(response)] {
        const auto server = alive.lock();
        Connection* connection = server ? (*server)->Find(id) : nullptr;
        if (connection != nullptr) {
          connection->Respond(response);
        } else if (response.stream) {
          response.stream->Leave();
        }
      });
    };
    server_.handler_(std::move(request), Responder(std::move(send)));
  }

  bool Flush() {
    while (!output_.empty()) {
      const ssize_t count =
          ::send(fd_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      sent_ += static_cast<std::size_t>(count);
      if (sent_ < output_.size()) continue;
      output_.clear();
      sent_ = 0;
    }
    return true;
  }

  // Closing with unread bytes resets the connection, and the peer may lose the reply.
  void Linger() {
    ::shutdown(fd_.get(), SHUT_WR);
    lingering_ = true;
    timer_.Start(kLinger);
    watcher_.Want(true, false);
  }

  Server& server_;
  const std::uint64_t id_;
  net::Fd fd_;
  ServerConnection http_;
  Bytes output_;
  std::size_t sent_ = 0;  // of output_
  bool writing_ = false;
  bool lingering_ = false;
  net::IoWatcher watcher_;
  net::Timer timer_;
};

Expected<std::unique_ptr<Server>, Error> Server::Start(net::EventLoop& loop,
                                                       const SocketAddress& address,
                                                       Handler handler,
                                                       const ServerOptions& options) {
  auto listener = net::ListenTcp(address, {});
  if (!listener) return Fail(listener.error());
  const auto local = net::LocalAddress(listener->get());
  if (!local) return Fail(local.error());
  return std::unique_ptr<Server>(
      new Server(loop, std::move(*listener), *local, std::move(handler), options));
}

Server::Server(net::EventLoop& loop, net::Fd listener, const SocketAddress& address,
               Handler handler, const ServerOptions& options)
    : loop_(loop),
      address_(address),
      handler_(std::move(handler)),
      options_(options),
      listener_(std::move(listener)),
      watcher_(loop, listener_.get(), [this](net::IoEvents) { AcceptReady(); }),
      resume_(loop, [this] { watcher_.Want(true, false); }),
      alive_(std::make_shared<Server*>(this)) {
  watcher_.Want(true, false);
}

Server::~Server() = default;

void Server::AcceptReady() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    auto accepted = net::Accept(listener_.get(), {});
    if (!accepted) {
      // Out of descriptors: the listener stays ready, so look again later instead of spinning.
      watcher_.Want(false, false);
      resume_.Start(kAcceptPause);
      return;
    }
    if (!*accepted) return;
    if (connections_.size() >= options_.max_connections) {
      ++refused_;
      continue;
    }
    const std::uint64_t id = next_id_++;
    connections_.emplace(id, std::make_unique<Connection>(*this, id, std::move(**accepted)));
  }
}

void Server::Remove(std::uint64_t id) { connections_.erase(id); }

Server::Connection* Server::Find(std::uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

}  // namespace derp::http
