#include "common/http/fetch.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "common/http/server.h"
#include "common/net/sockets.h"

namespace derp::http {
namespace {

TimePoint In(Duration duration) { return SystemClock().Now() + duration; }

class Running {
 public:
  explicit Running(Handler handler) {
    auto server = Server::Start(loop_, *SocketAddress::Parse("127.0.0.1:0"), std::move(handler));
    if (!server) FAIL(server.error().context);
    server_ = std::move(*server);
    address_ = server_->address().ToString();
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Running() {
    loop_.Post([this] { server_.reset(); });
    loop_.Stop();
    thread_.join();
  }
  std::string Url(std::string_view path) const { return "http://" + address_ + std::string(path); }

 private:
  net::EventLoop loop_;
  std::unique_ptr<Server> server_;
  std::string address_;
  std::thread thread_;
};

Expected<FetchResponse, Error> Get(std::string url, std::size_t max_body = 1'000'000) {
  return Fetch({.url = std::move(url), .max_body = max_body}, In(std::chrono::seconds(20)));
}

// What the request looked like, as the body.
Response Describe(const Request& request) {
  std::string text = request.method() + " " + request.head.target + "\n" + request.body + "\n";
  for (const Header& item : request.head.headers.items()) {
    text += item.name + "=" + item.value + "\n";
  }
  return TextReply(std::move(text));
}

TEST_CASE("a fetch gives status, headers and body", "[http]") {
  Running running(Answering([](const Request& request) {
    Response response = ErrorReply(424, request.path);
    response.headers.Set("ETag", "\"v1\"");
    response.headers.Set("Last-Modified", "Sat, 21 Nov 2026 11:10:23 GMT");
    return response;
  }));
  const auto response = Get(running.Url("/map.json?x=1"));
  REQUIRE(response.has_value());
  CHECK(response->status == 424);
  CHECK(response->body == "/map.json\n");
  CHECK(response->etag() == "\"v1\"");
  CHECK(response->last_modified() == "Sat, 21 Nov 2026 11:10:23 GMT");
}

TEST_CASE("method, headers and body are sent as given", "[http]") {
  Running running(Answering(Describe));
  const auto post = Fetch({.url = running.Url("/verify"),
                           .method = "POST",
                           .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                           .body = std::string("{\"a\":\0}", 7)},
                          In(std::chrono::seconds(20)));
  REQUIRE(post.has_value());
  CHECK(post->body.starts_with("POST /verify\n" + std::string("{\"a\":\0}", 7) + "\n"));
  CHECK(post->body.find("Content-Type=application/json\n") != std::string::npos);
  CHECK(post->body.find("X-Empty=\n") != std::string::npos);
  CHECK(post->body.find("User-Agent=derp-tools/") != std::string::npos);
  CHECK(post->body.find("Expect") == std::string::npos);
  const auto put =
      Fetch({.url = running.Url("/x"), .method = "PUT", .body = "b"}, In(std::chrono::seconds(20)));
  CHECK(put->body.starts_with("PUT /x\nb\n"));
  CHECK(put->body.find("Content-Type") == std::string::npos);
  CHECK(Fetch({.url = running.Url("/x"), .method = "POST"}, In(std::chrono::seconds(20)))
            ->body.starts_with("POST /x\n"));
  const auto head =
      Fetch({.url = running.Url("/x"), .method = "HEAD"}, In(std::chrono::seconds(20)));
  CHECK(head->status == 200);
  CHECK(head->body.empty());
}

TEST_CASE("redirects are followed to http only, ten times at most", "[http]") {
  Running running(Answering([](const Request& request) {
    if (request.path == "/file") return Redirect("GET", 302, "file:///etc/hostname");
    if (request.path == "/loop") return Redirect("GET", 302, "/loop");
    if (request.path == "/once") return Redirect("GET", 302, "/end");
    return TextReply("end");
  }));
  const auto once = Get(running.Url("/once"));
  REQUIRE(once.has_value());
  CHECK(once->body == "end");
  CHECK(once->url == running.Url("/end"));
  CHECK_FALSE(once->headers.Has("Location"));
  const auto loop = Get(running.Url("/loop"));
  REQUIRE_FALSE(loop.has_value());
  CHECK(loop.error().context == "Get \"" + running.Url("/loop") + "\": stopped after 10 redirects");
  CHECK(Get(running.Url("/file")).error().code == ErrorCode::kInvalidArgument);
  const auto seen =
      Fetch({.url = running.Url("/once"), .follow_redirects = false}, In(std::chrono::seconds(20)));
  CHECK(seen->status == 302);
  CHECK(seen->headers.Get("Location") == "/end");
}

TEST_CASE("an answer above the limit is refused", "[http]") {
  Running running(Answering([](const Request&) { return TextReply(std::string(1000, 'x')); }));
  CHECK(Get(running.Url("/"), 1000)->body.size() == 1000);
  const auto large = Get(running.Url("/"), 999);
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a server that does not answer costs no more than the deadline", "[http]") {
  const auto listener = net::ListenTcp(*SocketAddress::Parse("127.0.0.1:0"), {});
  const std::string url = "http://" + net::LocalAddress(listener->get())->ToString() + "/";
  const auto late = Fetch({.url = url}, In(std::chrono::milliseconds(30)));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == ErrorCode::kTimeout);
  CHECK(late.error().context == "Get \"" + url + "\": context deadline exceeded");
  CHECK(Fetch({.url = url}, In(Duration::zero())).error().code == ErrorCode::kTimeout);
}

TEST_CASE("a request that is not wanted any more ends long before its deadline", "[http]") {
  const auto listener = net::ListenTcp(*SocketAddress::Parse("127.0.0.1:0"), {});
  const std::string url = "http://" + net::LocalAddress(listener->get())->ToString() + "/";
  const auto gone =
      Fetch({.url = url, .cancelled = [] { return true; }}, In(std::chrono::minutes(10)));
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().code == ErrorCode::kCancelled);
}

TEST_CASE("a refused connection says so, without the URL's password", "[http]") {
  auto listener = net::ListenTcp(*SocketAddress::Parse("127.0.0.1:0"), {});
  const std::string address = net::LocalAddress(listener->get())->ToString();
  listener->Close();
  const auto refused = Get("http://user:secret@" + address + "/a@b");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kRefused);
  CHECK(refused.error().context ==
        "Get \"http://user:xxxxx@" + address + "/a@b\": connect: connection refused");
}

TEST_CASE("files are read, missing ones are 404 as in Go", "[http]") {
  const auto path = std::filesystem::temp_directory_path() /
                    ("fetch test " + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << "{}";
  std::string url = "file://" + path.string();
  for (std::size_t at; (at = url.find(' ')) != std::string::npos;) url.replace(at, 1, "%20");
  const auto found = Get(url);
  REQUIRE(found.has_value());
  CHECK(found->status == 200);
  CHECK(found->body == "{}");
  CHECK(Get(url, 1).error().code == ErrorCode::kTooLarge);
  std::filesystem::remove(path);
  const auto missing = Get(url);
  REQUIRE(missing.has_value());
  CHECK(missing->status == 404);
}

TEST_CASE("other schemes and broken requests are refused before anything is sent", "[http]") {
  CHECK(Get("gopher://127.0.0.1/").error().code == ErrorCode::kInvalidArgument);
  CHECK(Get("http://a/\r\nX: y").error().code == ErrorCode::kInvalidArgument);
  CHECK(Get("").error().code == ErrorCode::kInvalidArgument);
  CHECK(Fetch({.url = "http://a/", .headers = {{"X", "a\r\nY: b"}}}, In(std::chrono::seconds(1)))
            .error()
            .code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a proxy of the environment is used, but not for this machine", "[http]") {
  Running running(Answering(Describe));
  REQUIRE(::setenv("http_proxy", running.Url("").c_str(), 1) == 0);
  const auto proxied = Get("http://relay.example/map.json");
  const auto direct = Get(running.Url("/map.json"));
  ::unsetenv("http_proxy");
  REQUIRE((proxied.has_value() && direct.has_value()));
  CHECK(proxied->body.starts_with("GET http://relay.example/map.json\n"));
  CHECK(direct->body.starts_with("GET /map.json\n"));
}

// One exchange over a Unix socket, as with tailscaled.
TEST_CASE("a Unix socket serves a request, with the URL's host as Host", "[http]") {
  const auto path =
      std::filesystem::temp_directory_path() / ("fetch-" + std::to_string(::getpid()) + ".sock");
  std::filesystem::remove(path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const net::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  std::string asked;
  std::thread peer([&] {
    const net::Fd fd(::accept(listener.get(), nullptr, nullptr));
    std::array<char, 4096> buffer;
    while (asked.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      asked.append(buffer.data(), static_cast<std::size_t>(count));
    }
    constexpr std::string_view kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    static_cast<void>(::send(fd.get(), kReply.data(), kReply.size(), MSG_NOSIGNAL));
  });
  const auto response = Fetch({.url = "http://local-tailscaled.sock/localapi/v0/derpmap",
                               .headers = {{"Tailscale-Cap", "145"}},
                               .unix_socket = path.string()},
                              In(std::chrono::seconds(20)));
  peer.join();
  std::filesystem::remove(path);
  REQUIRE(response.has_value());
  CHECK(response->body == "{}");
  CHECK(asked.starts_with("GET /localapi/v0/derpmap HTTP/1.1\r\nHost: local-tailscaled.sock\r\n"));
  CHECK(asked.find("Tailscale-Cap: 145\r\n") != std::string::npos);
}

TEST_CASE("a fetcher keeps the connection and tells whether a response had begun", "[http]") {
  std::vector<SocketAddress> from;
  Running running(Answering([&](const Request& request) {
    from.push_back(request.remote);
    return TextReply(std::string(5000, 'x'));
  }));
  Fetcher fetcher;
  const TimePoint deadline = In(std::chrono::seconds(20));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(fetcher.Fetch({.url = running.Url("/")}, deadline).has_value());
  }
  REQUIRE(from.size() == 3);
  CHECK(from[0] == from[2]);
  CHECK_FALSE(fetcher.Fetch({.url = running.Url("/"), .max_body = 100}, deadline).has_value());
  CHECK(fetcher.response_began());
  const auto cut =
      fetcher.Fetch({.url = running.Url("/"), .max_body = 100, .cut_body = true}, deadline);
  REQUIRE(cut.has_value());
  CHECK(cut->status == 200);
  CHECK(cut->body == std::string(100, 'x'));
  CHECK_FALSE(fetcher.Fetch({.url = "http://127.0.0.1:1/"}, deadline).has_value());
  CHECK_FALSE(fetcher.response_began());
}

}  // namespace
}  // namespace derp::http
