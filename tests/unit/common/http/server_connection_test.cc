#include "common/http/server_connection.h"

#include <catch2/catch.hpp>

namespace derp::http {
namespace {

using Phase = ServerConnection::Phase;

const WallTime kNow = FromUnixSeconds(1'795'259'423);
const SocketAddress kPeer = *SocketAddress::Parse("192.0.2.1:1000");

// A connection with its output, fed with text.
struct Fixture {
  explicit Fixture(const ConnectionLimits& limits = {}) : connection(kPeer, true, limits) {}
  std::optional<Request> Feed(std::string_view text) {
    ByteView input = AsBytes(text);
    auto request = connection.Next(input, kNow, output);
    unread = input.size();
    return request;
  }
  void Answer(std::string body) { connection.Respond(TextReply(std::move(body)), kNow, output); }
  std::string Output() {
    std::string text(AsText(output));
    output.clear();
    return text;
  }
  ServerConnection connection;
  Bytes output;
  std::size_t unread = 0;
};

constexpr std::string_view kPost =
    "POST /run?name=a%20b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=1\r\nhel\r\n02\r\nlo\r\n0\r\nTrailer: x\r\n\r\n";

TEST_CASE("a request with a body is whole wherever the stream is cut", "[http]") {
  const auto stream = GENERATE(kPost, kChunked);
  const auto cut = GENERATE_REF(range<std::size_t>(0, stream.size() + 1));
  CAPTURE(stream, cut);
  Fixture f;
  auto request = f.Feed(stream.substr(0, cut));
  CHECK(request.has_value() == (cut == stream.size()));
  CHECK(f.connection.phase() == (cut == 0               ? Phase::kIdle
                                 : cut == stream.size() ? Phase::kHandling
                                                        : Phase::kReading));
  if (!request) request = f.Feed(stream.substr(cut));
  REQUIRE(request.has_value());
  CHECK(request->body == "hello");
  CHECK(request->remote == kPeer);
  CHECK(request->tls);
  if (stream == kPost) CHECK(request->path == "/run");
}

TEST_CASE("pipelined requests are handled one after the other", "[http]") {
  Fixture f;
  const std::string both = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n";
  auto request = f.Feed(both);
  REQUIRE(request.has_value());
  CHECK(request->path == "/1");
  CHECK_FALSE(f.Feed("").has_value());
  CHECK(f.connection.input_room() == 0);
  f.Answer("one");
  CHECK(f.Output().ends_with("\r\n\r\none"));
  CHECK(f.connection.phase() == Phase::kReading);
  request = f.Feed("");
  REQUIRE(request.has_value());
  CHECK(request->path == "/2");
  f.Answer("two");
  CHECK(f.connection.phase() == Phase::kIdle);
  CHECK(f.connection.input_room() > 0);
}

TEST_CASE("what is sent ahead is bounded", "[http]") {
  Fixture f({.max_head = 1024, .max_body = 16});
  REQUIRE(f.Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(5000, 'x')).has_value());
  CHECK(f.unread > 3000);
}

TEST_CASE("keep-alive follows version, Connection header and reply", "[http]") {
  Fixture f;
  SECTION("HTTP/1.0 closes") {
    REQUIRE(f.Feed("GET / HTTP/1.0\r\n\r\n").has_value());
    f.Answer("x");
    CHECK(f.connection.phase() == Phase::kClosing);
    CHECK(f.Output().find("Connection: close\r\n") != std::string::npos);
  }
  SECTION("HTTP/1.0 may ask") {
    REQUIRE(f.Feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").has_value());
    f.Answer("x");
    CHECK(f.connection.phase() == Phase::kIdle);
    CHECK(f.Output().find("Connection: keep-alive\r\n") != std::string::npos);
  }
  SECTION("the reply may close") {
    REQUIRE(f.Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n").has_value());
    f.connection.Respond(Response{.headers = {{"Connection", "close"}}}, kNow, f.output);
    CHECK(f.connection.phase() == Phase::kClosing);
    CHECK_FALSE(f.Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n").has_value());
  }
}

TEST_CASE("bad requests are answered and end the connection", "[http]") {
  struct Case {
    std::string text;
    std::string status;
  };
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  const auto bad = GENERATE_COPY(
      Case{"nonsense\r\n\r\n", "400 Bad Request"}, Case{"\x16\x03\x01", "400 Bad Request"},
      Case{"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
      Case{"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request"},
      Case{"GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported"},
      Case{start + "X: " + std::string(20'000, 'x'), "431 Request Header Fields Too Large"},
      Case{start + "Content-Length: 99999999\r\n\r\n", "413 Request Entity Too Large"},
      Case{start + "Content-Length: 99999999999999999999999\r\n\r\n",
           "413 Request Entity Too Large"},
      Case{start + "Content-Length: -1\r\n\r\n", "400 Bad Request"},
      Case{start + "Content-Length: 1, 1\r\n\r\n", "400 Bad Request"},
      Case{start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"},
      Case{start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Bad Request"},
      Case{start + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501 Not Implemented"},
      Case{start + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400 Bad Request"},
      Case{start + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "400 Bad Request"},
      Case{start + "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", "413 Request Entity Too Large"},
      Case{start + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "400 Bad Request"},
      Case{start + "Transfer-Encoding: chunked\r\n\r\n" + std::string(300, '1'), "400 Bad Request"},
      Case{start + "Expect: a miracle\r\n\r\n", "417 Expectation Failed"});
  CAPTURE(bad.text.substr(0, 100));
  Fixture f;
  CHECK_FALSE(f.Feed(bad.text).has_value());
  const std::string output = f.Output();
  CHECK(output.starts_with("HTTP/1.1 " + bad.status + "\r\n"));
  CHECK(output.find("Connection: close\r\n") != std::string::npos);
  CHECK(f.connection.phase() == Phase::kClosing);
  CHECK_FALSE(f.Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n").has_value());
  CHECK(f.Output().empty());
}

TEST_CASE("a missing Host is named as Go does", "[http]") {
  Fixture f;
  CHECK_FALSE(f.Feed("GET / HTTP/1.1\r\n\r\n").has_value());
  CHECK(f.Output().ends_with("\r\n\r\n400 Bad Request: missing required Host header"));
}

TEST_CASE("a client that waits for 100 Continue gets it", "[http]") {
  Fixture f;
  CHECK_FALSE(
      f.Feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  CHECK(f.Output() == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(f.Feed("ok")->body == "ok");
}

TEST_CASE("an upgrade takes the bytes behind its head", "[http]") {
  Fixture f;
  const auto request = f.Feed(
      "GET /derp HTTP/1.1\r\nHost: h\r\nUpgrade: DERP\r\n\r\n\x02"
      "frame");
  REQUIRE(request.has_value());
  CHECK(AsText(f.connection.TakeOver()) ==
        "\x02"
        "frame");
  CHECK(f.connection.phase() == Phase::kClosing);
}

TEST_CASE("CONNECT and the asterisk keep their target as path", "[http]") {
  Fixture f;
  CHECK(f.Feed("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")->path == "a:443");
  Fixture g;
  CHECK(g.Feed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")->path == "*");
}

// The response's head, asked for with `request`, and the stream that feeds its body.
std::shared_ptr<BodyStream> StartStream(Fixture& f, std::string_view request) {
  REQUIRE(f.Feed(request).has_value());
  auto stream = std::make_shared<BodyStream>();
  f.connection.Respond({.stream = stream}, kNow, f.output);
  return stream;
}

TEST_CASE("a streamed body is sent in chunks as it comes", "[http]") {
  Fixture f;
  const auto stream = StartStream(f, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(f.connection.phase() == Phase::kStreaming);
  const std::string head = f.Output();
  CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(head.find("Content-Type: text/plain; charset=utf-8\r\n") != std::string::npos);
  CHECK(head.find("Content-Length") == std::string::npos);
  f.connection.Pump(f.output);
  CHECK(f.Output().empty());
  CHECK(stream->Write("hello "));
  CHECK(stream->Write("all of you"));
  f.connection.Pump(f.output);
  CHECK(f.Output() == "10\r\nhello all of you\r\n");
  CHECK(stream->Write("!"));
  stream->End();
  CHECK_FALSE(stream->Write("too late"));
  f.connection.Pump(f.output);
  CHECK(f.Output() == "1\r\n!\r\n0\r\n\r\n");
  CHECK(f.connection.phase() == Phase::kIdle);
}

TEST_CASE("what comes while a body streams waits for its turn", "[http]") {
  Fixture f;
  const auto stream = StartStream(f, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK_FALSE(f.Feed("GET /next HTTP/1.1\r\nHost: h\r\n\r\n"));
  CHECK(f.connection.input_room() > 0);
  stream->End();
  f.connection.Pump(f.output);
  CHECK(f.connection.phase() == Phase::kReading);
  CHECK(f.Feed("")->path == "/next");
}

TEST_CASE("a client of HTTP/1.0 sees the end of a streamed body by the close", "[http]") {
  Fixture f;
  const auto stream = StartStream(f, "GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = f.Output();
  CHECK(head.find("Transfer-Encoding") == std::string::npos);
  CHECK(head.find("Connection: close\r\n") != std::string::npos);
  CHECK(stream->Write("hello"));
  stream->End();
  f.connection.Pump(f.output);
  CHECK(f.Output() == "hello");
  CHECK(f.connection.phase() == Phase::kClosing);
}

TEST_CASE("a streamed body that nobody asked for is over at once", "[http]") {
  Fixture f;
  const auto stream = StartStream(f, "HEAD /s HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(f.connection.phase() == Phase::kIdle);
  CHECK(stream->over());
  CHECK(f.Output().ends_with("\r\n\r\n"));
}

TEST_CASE("requests behind a PROXY head carry its address and say so", "[http]") {
  Fixture f;
  const SocketAddress client = *SocketAddress::Parse("127.0.0.1:7");
  f.connection.SetProxiedRemote(client);
  const auto request = f.Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(request.has_value());
  CHECK(request->remote == client);
  CHECK(request->proxied);
  const auto direct = Fixture().Feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK_FALSE(direct->proxied);
}

}  // namespace
}  // namespace derp::http
