// Answers that the relay's site gives piece by piece.
#include <future>
#include <optional>

#include <catch2/catch.hpp>

#include "common/http/body_stream.h"
#include "common/net/byte_stream.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

constexpr std::string_view kAsk = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";

// A relay whose every page is the stream, with a short limit for ordinary answers.
FixtureOptions Streaming(const std::shared_ptr<http::BodyStream>& stream) {
  return {.adjust = [stream](relay::RelayOptions& options) {
    options.login_timeout = std::chrono::milliseconds(300);
    for (relay::ListenerOptions& listener : options.listeners) {
      listener.site = http::Answering(
          [stream](const http::Request&) { return http::Response{.stream = stream}; });
    }
  }};
}

void ReadUntil(net::ByteStream& from, std::string& text, std::string_view wanted) {
  Bytes buffer(65536);
  while (text.find(wanted) == std::string::npos) {
    const auto count = from.Read(buffer, Soon());
    REQUIRE(count);
    text += AsText(ByteView(buffer).first(*count));
  }
}

bool IsOverSoon(const http::BodyStream& stream) {
  const TimePoint deadline = Soon();
  while (!stream.over() && SystemClock().Now() < deadline) std::this_thread::yield();
  return stream.over();
}

}  // namespace

TEST_CASE("a streamed page goes on beyond the limit of ordinary ones", "[relay][stream]") {
  const auto stream = std::make_shared<http::BodyStream>();
  RelayFixture f(Streaming(stream));
  const auto client = f.Dial(GENERATE(Way::kPlain, Way::kTls));
  REQUIRE(client->Write(AsBytes(kAsk), Soon()));
  std::string text;
  ReadUntil(*client, text, "Transfer-Encoding: chunked\r\n");
  const TimePoint later = SystemClock().Now() + std::chrono::milliseconds(700);
  int sent = 0;
  while (SystemClock().Now() < later) {
    REQUIRE(stream->Write("tick" + std::to_string(++sent)));
    ReadUntil(*client, text, "tick" + std::to_string(sent));
  }
  stream->End();
  ReadUntil(*client, text, "\r\n0\r\n\r\n");
}

TEST_CASE("a streamed page ends when its reader leaves", "[relay][stream]") {
  const auto stream = std::make_shared<http::BodyStream>();
  RelayFixture f(Streaming(stream));
  auto client = f.Dial(GENERATE(Way::kPlain, Way::kTls));
  REQUIRE(client->Write(AsBytes(kAsk), Soon()));
  std::string text;
  ReadUntil(*client, text, "chunked\r\n");
  client.reset();
  CHECK(IsOverSoon(*stream));
}

TEST_CASE("a streamed page holds its maker back while its reader does not read",
          "[relay][stream]") {
  const auto stream = std::make_shared<http::BodyStream>();
  RelayFixture f(Streaming(stream));
  const auto client = f.Dial(GENERATE(Way::kPlain, Way::kTls));
  REQUIRE(client->Write(AsBytes(kAsk), Soon()));
  const std::string piece(64 * 1024, 'x');
  std::size_t taken = 0;
  // What the kernel holds on both sides, and no more. The relay answers others meanwhile.
  int refused_in_a_row = 0;
  while (refused_in_a_row < 20) {
    if (stream->Write(piece)) {
      taken += piece.size();
      refused_in_a_row = 0;
      REQUIRE(taken < std::size_t{64} << 20);
    } else {
      TestClient other = f.Connect(Way::kPlain);
      ++refused_in_a_row;
    }
  }
  CHECK(taken > 0);
  std::string text;
  stream->End();
  ReadUntil(*client, text, "\r\n0\r\n\r\n");
  CHECK(text.size() > taken);
}

TEST_CASE("a relay that stops ends its streams", "[relay][stream]") {
  const auto stream = std::make_shared<http::BodyStream>();
  RelayFixture f(Streaming(stream));
  const auto client = f.Dial(Way::kPlain);
  REQUIRE(client->Write(AsBytes(kAsk), Soon()));
  std::string text;
  ReadUntil(*client, text, "chunked\r\n");
  f.Stop();
  CHECK(stream->over());
  CHECK_FALSE(stream->Write("x"));
}

TEST_CASE("a stream that comes too late to be sent is over", "[relay][stream]") {
  const auto stream = std::make_shared<http::BodyStream>();
  std::optional<http::Responder> kept;
  std::promise<void> asked;
  RelayFixture f({.adjust = [&](relay::RelayOptions& options) {
    for (relay::ListenerOptions& listener : options.listeners) {
      listener.site = [&](const http::Request&, http::Responder responder) {
        kept.emplace(std::move(responder));
        asked.set_value();
      };
    }
  }});
  const auto client = f.Dial(Way::kPlain);
  REQUIRE(client->Write(AsBytes(kAsk), Soon()));
  asked.get_future().wait();
  f.Stop();
  f.InControl([&] { kept->Send({.stream = stream}); });
  CHECK(stream->over());
}
