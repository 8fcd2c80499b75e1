#include "derpprobe/alerts/webhook_sink.h"

#include <thread>

#include <catch2/catch.hpp>

#include "common/base/mutex.h"
#include "common/http/server.h"
#include "common/net/event_loop.h"

namespace derp {

using probe::WebhookSink;

namespace {

// A receiver that answers every POST with one status.
class Receiver {
 public:
  explicit Receiver(int status) {
    auto server = http::Server::Start(
        loop_, *SocketAddress::Parse("127.0.0.1:0"),
        http::Answering([this, status](const http::Request& request) {
          const MutexLock lock(mutex_);
          got_ = request.method() + " " + request.head.target + " " +
                 std::string(request.head.headers.Get("Content-Type")) + " " + request.body;
          http::Response response = http::TextReply("thanks\n");
          response.status = status;
          return response;
        }));
    if (!server) FAIL(server.error().context);
    server_ = std::move(*server);
    address_ = server_->address().ToString();
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Receiver() {
    loop_.Post([this] { server_.reset(); });
    loop_.Stop();
    thread_.join();
  }
  std::string address() const { return address_; }
  std::string got() {
    const MutexLock lock(mutex_);
    return got_;
  }

 private:
  net::EventLoop loop_;
  std::unique_ptr<http::Server> server_;
  std::string address_;
  Mutex mutex_;
  std::string got_;
  std::thread thread_;
};

Expected<void, probe::AlertFailure> Post(const std::string& url) {
  auto sink = WebhookSink::Make(url);
  REQUIRE(sink);
  return sink->Deliver(R"({"a":1})", SystemClock().Now() + std::chrono::seconds(20));
}

}  // namespace

TEST_CASE("the event is posted as JSON", "[alerts]") {
  Receiver receiver(204);
  REQUIRE(Post("http://" + receiver.address() + "/hook?x=1"));
  CHECK(receiver.got() == R"(POST /hook?x=1 application/json {"a":1})");
}

TEST_CASE("statuses decide whether another try is worth it", "[alerts]") {
  for (const int status : {500, 503, 429, 408}) {
    Receiver receiver(status);
    const auto done = Post("http://" + receiver.address() + "/");
    REQUIRE_FALSE(done);
    CHECK(done.error().worth_retrying);
  }
  for (const int status : {301, 400, 404, 410}) {
    Receiver receiver(status);
    const auto done = Post("http://" + receiver.address() + "/");
    REQUIRE_FALSE(done);
    CHECK_FALSE(done.error().worth_retrying);
    CHECK(done.error().error.context ==
          "http://" + receiver.address() + "/…: answered " + std::to_string(status));
  }
}

TEST_CASE("no answer is worth another try, and the secret of the URL stays out of the text",
          "[alerts]") {
  std::string address;
  {
    Receiver receiver(200);
    address = receiver.address();
  }
  const auto done = Post("http://user:geheim@" + address + "/services/T0KEN");
  REQUIRE_FALSE(done);
  CHECK(done.error().worth_retrying);
  const std::string& text = done.error().error.context;
  CHECK(text.starts_with("http://" + address + "/…: "));
  CHECK(text.find("refused") != std::string::npos);
  CHECK(text.find("geheim") == std::string::npos);
  CHECK(text.find("T0KEN") == std::string::npos);
}

TEST_CASE("only http and https URLs with a host are taken", "[alerts]") {
  for (const char* url : {"", "hooks.example.net/x", "file:///etc/passwd", "http://", "https:///x",
                          "ftp://example.net/", "http://:80/"}) {
    CAPTURE(url);
    const auto sink = WebhookSink::Make(url);
    REQUIRE_FALSE(sink);
    CHECK(sink.error().code == ErrorCode::kInvalidArgument);
  }
  CHECK(WebhookSink::Make("HTTPS://hooks.example.net:8443"));
}

}  // namespace derp
