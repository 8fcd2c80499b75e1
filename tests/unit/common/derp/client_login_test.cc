#include "common/derp/client_login.h"

#include <catch2/catch.hpp>

#include "tests/unit/common/derp/golden.h"

using namespace derp;
using State = ClientLogin::State;

namespace {

State FeedAll(ClientLogin& login, ByteView& input) {
  for (;;) {
    const State before = login.state();
    const std::size_t size = input.size();
    if (login.Feed(input) == before && input.size() == size) return before;
  }
}

State FeedText(ClientLogin& login, std::string_view text) {
  ByteView input = AsBytes(text);
  return FeedAll(login, input);
}

}  // namespace

TEST_CASE("the upgrade and the greeting are read wherever the stream is cut", "[derp][login]") {
  const test::Golden golden;
  const Bytes stream = golden.Step("normal_upgrade", 1);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    CAPTURE(cut);
    ClientLogin login;
    ByteView input = ByteView(stream).first(cut);
    const State state = FeedAll(login, input);
    REQUIRE(state != State::kFailed);
    CHECK((state == State::kReady) == (cut == stream.size()));
    // What was left unread comes again with the rest, as from a buffer.
    Bytes rest(input.begin(), input.end());
    AppendBytes(rest, ByteView(stream).subspan(cut));
    ByteView again(rest);
    CHECK(FeedAll(login, again) == State::kReady);
    CHECK(again.empty());
    CHECK(login.server() == golden.Secret("server").Public());
  }
}

TEST_CASE("one call moves one state on, so that stages can be timed apart", "[derp][login]") {
  const test::Golden golden;
  const Bytes stream = golden.Step("normal_upgrade", 1);
  ClientLogin login;
  ByteView input(stream);
  CHECK(login.Feed(input) == State::kGreeting);
  CHECK(input.size() == wire::kFrameHeaderSize + 40);
  CHECK(login.Feed(input) == State::kReady);
}

TEST_CASE("an HTTP refusal is told with status, server, target and first words", "[derp][login]") {
  ClientLogin login;
  CHECK(FeedText(login,
                 "HTTP/1.1 302 Found\r\nServer: nginx\r\nLocation: https://x.example/\r\n"
                 "Content-Length: 5\r\n\r\nmoved") == State::kFailed);
  CHECK(login.failure().fault == ClientFault::kUpgradeRefused);
  REQUIRE(login.failure().answer);
  CHECK(login.failure().answer->status == 302);
  CHECK(login.failure().answer->server == "nginx");
  CHECK(login.failure().answer->location == "https://x.example/");
  CHECK(login.failure().answer->first_words == "moved");
}

TEST_CASE("a refusal without length is told when its stream ends", "[derp][login]") {
  ClientLogin login;
  const std::string_view text = "HTTP/1.1 404 Not Found\r\n\r\nderp server disabled\n";
  ByteView input = AsBytes(text);
  CHECK(FeedAll(login, input) == State::kUpgrade);
  CHECK(login.InputEnded(input) == State::kFailed);
  CHECK(login.failure().answer->status == 404);
  CHECK(login.failure().answer->first_words == "derp server disabled");
}

TEST_CASE("the words of a chunked refusal are without the chunk's size", "[derp][login]") {
  ClientLogin login;
  const std::string_view text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n";
  ByteView input = AsBytes(text);
  FeedAll(login, input);
  CHECK(login.InputEnded(input) == State::kFailed);
  CHECK(login.failure().answer->first_words.starts_with("hello"));
}

TEST_CASE("an answer without a body needs no end of stream", "[derp][login]") {
  ClientLogin empty;
  CHECK(FeedText(empty, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n") ==
        State::kFailed);
  ClientLogin none;
  CHECK(FeedText(none, "HTTP/1.1 204 No Content\r\n\r\n") == State::kFailed);
}

TEST_CASE("interim answers are passed over", "[derp][login]") {
  const test::Golden golden;
  ClientLogin login;
  const std::string text =
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + golden.Http("response_101");
  CHECK(FeedText(login, text) == State::kGreeting);
}

TEST_CASE("what is no HTTP fails at once, and an endless head at its limit", "[derp][login]") {
  ClientLogin ssh;
  CHECK(FeedText(ssh, "SSH-2.0-OpenSSH_9.2\r\n") == State::kFailed);
  CHECK(ssh.failure().fault == ClientFault::kUpgradeMalformed);
  ClientLogin endless;
  CHECK(FeedText(endless, "HTTP/1.1 101 X\r\nA: " + std::string(20'000, 'a')) == State::kFailed);
  CHECK(endless.failure().fault == ClientFault::kUpgradeMalformed);
  CHECK(endless.failure().error.code == ErrorCode::kTooLarge);
}

TEST_CASE("a stream that ends before an answer is named leaves the state alone", "[derp][login]") {
  ClientLogin login;
  const std::string_view text = "HTTP/1.1 404";
  ByteView input = AsBytes(text);
  FeedAll(login, input);
  CHECK(login.InputEnded(input) == State::kUpgrade);
}

TEST_CASE("the golden bad greetings are refused", "[derp][login]") {
  const test::Golden golden;
  std::size_t seen = 0;
  for (const auto& entry : golden.Invalid()) {
    if (entry["state"] != "client waits for ServerKey") continue;
    CAPTURE(entry["name"].get<std::string>());
    ++seen;
    ClientLogin login;
    REQUIRE(FeedText(login, golden.Http("response_101")) == State::kGreeting);
    const Bytes bytes = test::Hex(entry["bytes_hex"].get<std::string>());
    ByteView input(bytes);
    CHECK(FeedAll(login, input) == State::kFailed);
    CHECK(login.failure().fault == ClientFault::kBadGreeting);
  }
  CHECK(seen == 4);
}

TEST_CASE("a failed login stays failed", "[derp][login]") {
  const test::Golden golden;
  ClientLogin login;
  FeedText(login, "nonsense");
  CHECK(FeedText(login, golden.Http("response_101")) == State::kFailed);
}

TEST_CASE("the login frames are the golden ones", "[derp][login]") {
  const test::Golden golden;
  const NodePublic server = golden.Secret("server").Public();
  BoxNonce nonce{};
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(0x80 + i);
  const NodePrivate key = golden.Secret("client_a");
  Bytes out;
  AppendLogin(out, {.key = key, .info = {.can_ack_pings = true}, .preferred = true, .watch = true},
              key.Public(), *BoxKey::Make(key, server), nonce);
  Bytes expected = golden.Frame("client_info_regular");
  AppendBytes(expected, golden.Frame("note_preferred_on"));
  AppendBytes(expected, golden.Frame("watch_conns"));
  CHECK(out == expected);
}
