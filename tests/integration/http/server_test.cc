#include "common/http/server.h"

#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "common/http/response_head.h"
#include "common/net/sockets.h"

namespace derp::http {
namespace {

using std::chrono::seconds;

// A loop on its own thread with a server; everything of the server happens over there.
class Running {
 public:
  explicit Running(Handler handler, const ServerOptions& options = {}) {
    auto server =
        Server::Start(loop_, *SocketAddress::Parse("127.0.0.1:0"), std::move(handler), options);
    if (!server) FAIL(server.error().context);
    server_ = std::move(*server);
    address_ = server_->address();
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Running() {
    loop_.Post([this] { server_.reset(); });
    loop_.Stop();
    thread_.join();
  }
  const SocketAddress& address() const { return address_; }
  net::EventLoop& loop() { return loop_; }
  Server& server() { return *server_; }

 private:
  net::EventLoop loop_;
  std::unique_ptr<Server> server_;
  SocketAddress address_;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(const SocketAddress& address) {
    auto fd = net::ConnectTcp(address, Deadline());
    if (!fd) FAIL(fd.error().context);
    fd_ = std::move(*fd);
  }
  static TimePoint Deadline() { return SystemClock().Now() + seconds(20); }

  void Send(std::string_view text) {
    while (!text.empty()) {
      REQUIRE(net::WaitWritable(fd_.get(), Deadline()));
      const ssize_t count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (count < 0) return;  // the server has hung up; reading tells what it said
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // One response; the body is `length` bytes by its header.
  std::pair<ResponseHead, std::string> Receive() {
    for (;;) {
      ByteView rest = AsBytes(received_);
      const auto head = TakeResponseHead(rest);
      REQUIRE(head.has_value());
      if (*head) {
        const std::string_view digits = (*head)->headers.Get("Content-Length");
        std::size_t length = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (rest.size() >= length) {
          std::string body(AsText(rest.first(length)));
          received_ = std::string(AsText(rest.subspan(length)));
          return {**head, std::move(body)};
        }
      }
      REQUIRE(ReadSome());
    }
  }

  void ReadUntil(std::string_view text) {
    while (received_.find(text) == std::string::npos) REQUIRE(ReadSome());
  }

  bool ReadUntilEnd() {
    while (ReadSome()) {
    }
    return true;
  }
  const std::string& received() const { return received_; }

 private:
  bool ReadSome() {
    REQUIRE(net::WaitReadable(fd_.get(), Deadline()));
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }

  net::Fd fd_;
  std::string received_;
};

Handler Echo() {
  return Answering([](const Request& request) {
    return TextReply(request.method() + " " + request.path + " " + request.body + " " +
                     request.remote.ip.ToString());
  });
}

TEST_CASE("requests on one connection are answered in order", "[http]") {
  Running running(Echo());
  Client client(running.address());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(client.Receive().second == "GET /1  127.0.0.1");
  CHECK(client.Receive().second == "POST /2 hi 127.0.0.1");
  CHECK(client.Receive().second == "GET /3  127.0.0.1");
  CHECK(client.ReadUntilEnd());
  CHECK(client.received().empty());
}

TEST_CASE("a handler may answer from another thread", "[http]") {
  std::vector<std::thread> threads;
  {
    Running running([&](Request request, Responder responder) {
      threads.emplace_back([path = request.path, responder = std::move(responder)]() mutable {
        responder.Send(TextReply("late " + path));
      });
    });
    Client one(running.address());
    Client two(running.address());
    one.Send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    two.Send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(one.Receive().second == "late /a");
    CHECK(two.Receive().second == "late /b");
  }
  for (auto& thread : threads) thread.join();
}

TEST_CASE("an answer after the client or the server has gone is dropped", "[http]") {
  net::EventLoop loop;
  std::optional<Responder> kept;
  auto server = Server::Start(loop, *SocketAddress::Parse("127.0.0.1:0"),
                              [&](const Request&, Responder responder) {
                                kept.emplace(std::move(responder));
                                loop.Stop();
                              });
  REQUIRE(server.has_value());
  {
    Client client((*server)->address());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    loop.Run();
  }
  SECTION("client") {
    kept->Send(TextReply("nobody"));
    loop.Post([&] { loop.Stop(); });
    loop.Run();
  }
  SECTION("server") {
    server->reset();
    kept->Send(TextReply("nobody"));
    loop.Post([&] { loop.Stop(); });
    loop.Run();
  }
  server->reset();
}

TEST_CASE("a large response reaches a slow reader whole", "[http]") {
  const std::string page(8'000'000, 'x');
  Running running(Answering([&](const Request&) { return TextReply(page); }));
  Client client(running.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.Receive().second == page);
  CHECK(client.Receive().second == page);
}

TEST_CASE("a refused request's reply arrives although more is on the way", "[http]") {
  Running running(Echo());
  Client client(running.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(60'000, 'x'));
  CHECK(client.ReadUntilEnd());
  CHECK(client.received().starts_with("HTTP/1.1 431 "));
}

TEST_CASE("a client that says nothing is closed", "[http]") {
  Running running(Echo(), {.head_timeout = std::chrono::milliseconds(20)});
  Client silent(running.address());
  CHECK(silent.ReadUntilEnd());
  CHECK(silent.received().empty());
  Client dripping(running.address());
  dripping.Send("GET / HT");
  CHECK(dripping.ReadUntilEnd());
  CHECK(dripping.received().empty());
}

TEST_CASE("a client that does not read is closed", "[http]") {
  // Outlive the loop that looks at them.
  const TimePoint deadline = Client::Deadline();
  std::atomic<bool> gone = false;
  bool seen = false;
  std::function<void()> look;
  const std::string page(32'000'000, 'x');
  Running running(Answering([&](const Request&) { return TextReply(page); }),
                  {.write_timeout = std::chrono::milliseconds(20)});
  look = [&] {
    const std::size_t count = running.server().connections();
    seen = seen || count == 1;
    gone = seen && count == 0;
    if (!gone && SystemClock().Now() < deadline) running.loop().Post(look);
  };
  Client client(running.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  running.loop().Post(look);
  while (!gone && SystemClock().Now() < deadline) std::this_thread::yield();
  CHECK(gone);
}

TEST_CASE("connections above the limit are closed, the others served", "[http]") {
  Running running(Echo(), {.max_connections = 1});
  Client first(running.address());
  first.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(first.Receive().second == "GET /1  127.0.0.1");
  Client second(running.address());
  CHECK(second.ReadUntilEnd());
  first.Send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(first.Receive().second == "GET /2  127.0.0.1");
}

TEST_CASE("a streamed answer outlives the time limits and ends when its client leaves", "[http]") {
  const auto stream = std::make_shared<BodyStream>();
  Running running(Answering([&](const Request&) { return Response{.stream = stream}; }),
                  {.head_timeout = std::chrono::milliseconds(20),
                   .write_timeout = std::chrono::milliseconds(20)});
  {
    Client client(running.address());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client.ReadUntil("\r\n\r\n");
    for (int i = 0; i < 5; ++i) {
      // Later than every limit; only the loop's clock counts here.
      const TimePoint later = SystemClock().Now() + std::chrono::milliseconds(25);
      while (SystemClock().Now() < later) std::this_thread::yield();
      REQUIRE(stream->Write("tick" + std::to_string(i)));
      client.ReadUntil("tick" + std::to_string(i) + "\r\n");
    }
  }
  const TimePoint deadline = Client::Deadline();
  while (!stream->over() && SystemClock().Now() < deadline) std::this_thread::yield();
  CHECK(stream->over());
}

TEST_CASE("a stream whose client does not read is held back, then cut", "[http]") {
  const auto stream = std::make_shared<BodyStream>();
  Running running(Answering([&](const Request&) { return Response{.stream = stream}; }),
                  {.write_timeout = std::chrono::milliseconds(50)});
  Client client(running.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string piece(64 * 1024, 'x');
  const TimePoint deadline = Client::Deadline();
  while (!stream->over() && SystemClock().Now() < deadline) {
    if (!stream->Write(piece)) std::this_thread::yield();
  }
  CHECK(stream->over());
}

TEST_CASE("after a streamed answer the connection serves the next request", "[http]") {
  Running running(Answering([&](const Request& request) {
    if (request.path != "/stream") return TextReply("plain");
    const auto stream = std::make_shared<BodyStream>();
    (void)stream->Write("all");
    stream->End();
    return Response{.stream = stream};
  }));
  Client client(running.address());
  client.Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  client.ReadUntil("3\r\nall\r\n0\r\n\r\n");
  client.ReadUntil("\r\n\r\nplain");
}

}  // namespace
}  // namespace derp::http
