#include "common/derp/client_session.h"

#include <catch2/catch.hpp>

#include "common/base/defaults.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/common/derp/golden.h"

using namespace derp;

namespace {

struct Fixture {
  test::Golden golden;
  test::FakeClock clock;
  NodePrivate key = golden.Secret("client_a");
  NodePublic server = golden.Secret("server").Public();

  ClientSession Session(bool fast_start = false) const {
    return {*BoxKey::Make(key, server), server, fast_start};
  }
  Expected<std::optional<ServerMessage>, ClientFailure> Take(ClientSession& session,
                                                             ByteView bytes) const {
    return session.Take(bytes, clock.Now());
  }
};

}  // namespace

TEST_CASE("every kind of message is handed up", "[derp][session]") {
  const Fixture f;
  ClientSession session = f.Session();
  Bytes stream;
  for (const char* name : {"server_info", "recv_packet", "keep_alive", "peer_gone_not_here",
                           "peer_present_ipv6", "ping", "pong", "health_problem", "restarting"})
    AppendBytes(stream, f.golden.Frame(name));
  ByteView input(stream);
  const auto next = [&] { return session.Take(input, f.clock.Now()).value().value(); };
  CHECK(std::get<wire::ServerInfo>(next()).version == 2);
  CHECK(AsText(std::get<wire::RecvPacket>(next()).packet) == "hello 0->1\n");
  CHECK(std::holds_alternative<KeepAlive>(next()));
  CHECK(std::get<wire::PeerGone>(next()).reason == wire::PeerGoneReason::kNotHere);
  CHECK(std::get<wire::PeerPresent>(next()).address->port == 443);
  CHECK(std::get<Ping>(next()).data[7] == 0x2a);
  CHECK(std::get<Pong>(next()).data[7] == 0x2a);
  CHECK(std::get<Health>(next()).problem == "two clients share this key");
  CHECK(std::get<wire::Restarting>(next()).try_for == std::chrono::seconds(5));
  CHECK_FALSE(session.Take(input, f.clock.Now()).value());
  CHECK(input.empty());
  CHECK(session.ignored_frames() == 0);
}

TEST_CASE("the golden malformed frames are dropped or fatal as named", "[derp][session]") {
  const Fixture f;
  std::size_t seen = 0;
  for (const auto& entry : f.golden.Invalid()) {
    const std::string state = entry["state"];
    if (state != "client, logged in" && state != "client in fast start") continue;
    CAPTURE(entry["name"].get<std::string>());
    ++seen;
    ClientSession session = f.Session(state == "client in fast start");
    Bytes stream = test::Hex(entry["bytes_hex"].get<std::string>());
    AppendBytes(stream, f.golden.Frame("keep_alive"));
    ByteView input(stream);
    auto result = session.Take(input, f.clock.Now());
    if (entry["expect"] == "close_connection") {
      if (result) {
        CHECK_FALSE(*result);
        CHECK(session.InputEnded(input).fault == ClientFault::kUpgradeRefused);
      }
      CHECK_FALSE(f.Take(session, f.golden.Frame("keep_alive")).has_value());
    } else {
      REQUIRE((result && *result));
      CHECK(std::holds_alternative<KeepAlive>(**result));
      CHECK(session.ignored_frames() == 1);
    }
  }
  CHECK(seen == 10);
}

TEST_CASE("a frame above one MiB is fatal on its header, for good", "[derp][session]") {
  const Fixture f;
  ClientSession session = f.Session();
  const Bytes header = {0x7e, 0x00, 0x10, 0x00, 0x01};
  CHECK(f.Take(session, header).error().fault == ClientFault::kFrameTooLong);
  CHECK(f.Take(session, f.golden.Frame("keep_alive")).error().fault == ClientFault::kFrameTooLong);
}

TEST_CASE("an HTTP answer in fast start is reported with its status", "[derp][session]") {
  const Fixture f;
  const std::string_view text = "HTTP/1.1 404 Not Found\r\nServer: nginx\r\n\r\nno relay here";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    CAPTURE(cut);
    ClientSession session = f.Session(true);
    ByteView input = AsBytes(text.substr(0, cut));
    const auto taken = session.Take(input, f.clock.Now());
    const ClientFailure failure = taken ? session.InputEnded(input) : taken.error();
    if (cut < 5) {
      CHECK(failure.fault == ClientFault::kTransport);
    } else if (cut > 13) {
      CHECK(failure.fault == ClientFault::kUpgradeRefused);
      CHECK(failure.answer->status == 404);
    }
  }
  ClientSession session = f.Session(true);
  CHECK(f.Take(session, AsBytes(text)).error().answer->first_words == "no relay here");
}

TEST_CASE("after the first frame HTTP is just an oversized frame", "[derp][session]") {
  const Fixture f;
  ClientSession session = f.Session(true);
  REQUIRE(f.Take(session, f.golden.Frame("server_info")));
  CHECK(f.Take(session, AsBytes("HTTP/1.1 404 Not Found\r\n\r\n")).error().fault ==
        ClientFault::kFrameTooLong);
}

TEST_CASE("the greeting that comes in fast start is skipped", "[derp][session]") {
  const Fixture f;
  ClientSession session = f.Session(true);
  Bytes stream = f.golden.Step("fast_start", 1);
  AppendBytes(stream, f.golden.Step("fast_start", 2));
  const auto message = f.Take(session, stream);
  REQUIRE((message && *message));
  CHECK(std::holds_alternative<wire::ServerInfo>(**message));
}

TEST_CASE("the end of the stream is told apart within and between frames", "[derp][session]") {
  const Fixture f;
  ClientSession between = f.Session();
  CHECK(between.InputEnded({}).error.code == ErrorCode::kClosed);
  ClientSession within = f.Session();
  const Bytes half = {0x05, 0, 0};
  CHECK(within.InputEnded(half).error.context == "connection closed within a frame");
  CHECK_FALSE(f.Take(within, f.golden.Frame("keep_alive")).has_value());
}

TEST_CASE("packets above 65536 bytes are refused without effect", "[derp][session]") {
  const Fixture f;
  ClientSession session = f.Session();
  Bytes out;
  CHECK(session.AppendPacket(out, f.server, Bytes(kMaxPacketSize + 1), f.clock.Now()) ==
        ClientSession::SendResult::kTooLarge);
  CHECK(out.empty());
  CHECK(session.AppendPacket(out, f.server, Bytes(kMaxPacketSize), f.clock.Now()) ==
        ClientSession::SendResult::kAppended);
}

TEST_CASE("without a rate in ServerInfo every send goes out; with one some are dropped silently",
          "[derp][session]") {
  Fixture f;
  const auto server_info = [&](std::int64_t rate, std::int64_t burst) {
    return wire::EncodeServerInfo(
               {.token_bucket_bytes_per_second = rate, .token_bucket_bytes_burst = burst},
               f.golden.Secret("server"), f.key.Public(), {})
        .value();
  };
  ClientSession session = f.Session();
  const auto sent_of = [&](int tries) {
    int sent = 0;
    Bytes out;
    for (int i = 0; i < tries; ++i)
      if (session.AppendPacket(out, f.server, AsBytes("0123456789"), f.clock.Now()) ==
          ClientSession::SendResult::kAppended)
        ++sent;
    return sent;
  };
  REQUIRE(f.Take(session, server_info(0, 0)));
  CHECK(sent_of(1001) == 1001);
  constexpr std::int64_t kCost = 5 + 32 + 10;
  REQUIRE(f.Take(session, server_info(kCost, 2 * kCost)));
  CHECK(sent_of(1001) == 2);
  f.clock.Advance(std::chrono::seconds(1));
  CHECK(sent_of(1001) == 1);
  REQUIRE(f.Take(session, server_info(0, 0)));
  CHECK(sent_of(10) == 10);
}

TEST_CASE("messages are found wherever the stream is cut", "[derp][session]") {
  const Fixture f;
  Bytes stream = f.golden.Frame("recv_packet");
  AppendBytes(stream, f.golden.Frame("peer_gone_legacy"));
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    ClientSession session = f.Session();
    ByteView input = ByteView(stream).first(cut);
    std::size_t messages = 0;
    for (auto taken = session.Take(input, f.clock.Now()); taken && *taken;
         taken = session.Take(input, f.clock.Now()))
      ++messages;
    CHECK(messages == (cut >= f.golden.Frame("recv_packet").size() ? 1U : 0U));
  }
}
