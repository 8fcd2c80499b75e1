#include "common/net/byte_stream.h"

#include <array>
#include <functional>
#include <sys/socket.h>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>

#include "common/net/sockets.h"
#include "tests/unit/common/net/tls_pair.h"

namespace derp::net {
namespace {

using namespace std::chrono_literals;

TimePoint In(Duration time) { return SystemClock().Now() + time; }
TimePoint Soon() { return In(20s); }  // far beyond what any test needs

struct FdPair {
  Fd ours;
  Fd peer;
};

FdPair Connected() {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

Expected<Bytes, Error> ReadExactly(ByteStream& stream, std::size_t size) {
  Bytes bytes(size);
  for (ByteSpan rest(bytes); !rest.empty();) {
    const auto count = stream.Read(rest, Soon());
    if (!count) return Fail(count.error());
    rest = rest.subspan(*count);
  }
  return bytes;
}

// The far end of a TLS connection, driven by a test.
class Peer {
 public:
  Peer(const std::shared_ptr<const TlsServerContext>& context, Fd fd)
      : session_(TlsSession::Server(context)), raw_(MakePlainStream(std::move(fd))) {}

  bool Handshake() {
    for (;;) {
      if (!Receive()) return false;
      ByteView input(input_);
      Bytes output;
      const TlsStatus status = session_.Handshake(input, output);
      input_.assign(input.begin(), input.end());
      if (!raw_->Write(output, Soon())) return false;
      if (status != TlsStatus::kWantRead) return status == TlsStatus::kOk;
    }
  }
  // What came, after waiting for something if there was nothing.
  test::Received Read() {
    if (input_.empty() && !Receive()) return {.plaintext = {}, .status = TlsStatus::kFailed};
    Bytes output;
    return test::ReadAll(session_, std::exchange(input_, {}), output);
  }
  void Write(const std::vector<ByteView>& records, bool shut_down = false) {
    Bytes output;
    for (const ByteView record : records) session_.Write(record, output);
    if (shut_down) session_.Shutdown(output);
    static_cast<void>(raw_->Write(output, Soon()));
  }

 private:
  bool Receive() {
    input_.resize(16384);
    const auto count = raw_->Read(input_, Soon());
    input_.resize(count.value_or(0));
    return count.has_value();
  }

  TlsSession session_;
  std::unique_ptr<ByteStream> raw_;
  Bytes input_;
};

// A TLS server on a thread of its own, which calls `talk` after the handshake and then hangs up.
class ServerThread {
 public:
  ServerThread(Fd fd, TlsServerOptions options, std::function<void(Peer&)> talk)
      : thread_([talk = std::move(talk), fd = std::move(fd),
                 context = test::MakeServer(std::move(options))]() mutable {
          Peer peer(context, std::move(fd));
          if (peer.Handshake()) talk(peer);
        }) {}
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  ~ServerThread() {
    if (thread_.joinable()) thread_.join();
  }
  void Join() { thread_.join(); }

 private:
  std::thread thread_;
};

TEST_CASE("a plain stream carries bytes until the peer's end", "[net][stream]") {
  FdPair pair = Connected();
  const int raw = pair.ours.get();
  const auto ours = MakePlainStream(std::move(pair.ours));
  auto theirs = MakePlainStream(std::move(pair.peer));
  CHECK(ours->fd() == raw);
  CHECK(ours->tls() == nullptr);
  CHECK_FALSE(ours->buffered());
  REQUIRE(theirs->Write(AsBytes("hello"), Soon()).has_value());
  CHECK(AsText(ReadExactly(*ours, 5).value()) == "hello");
  theirs.reset();
  const auto end = ReadExactly(*ours, 1);
  REQUIRE_FALSE(end.has_value());
  CHECK(end.error().code == ErrorCode::kClosed);
  const auto broken = ours->Write(AsBytes("x"), Soon());
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().code == ErrorCode::kReset);
}

TEST_CASE("silence and a full socket end at the deadline", "[net][stream]") {
  FdPair pair = Connected();
  const auto ours = MakePlainStream(std::move(pair.ours));
  std::array<std::uint8_t, 1> byte{};
  const auto read = ours->Read(byte, In(1ms));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == ErrorCode::kTimeout);
  CHECK(read.error().context == "read: i/o timeout");
  const auto write = ours->Write(Bytes(4U << 20U), In(1ms));
  REQUIRE_FALSE(write.has_value());
  CHECK(write.error().code == ErrorCode::kTimeout);
  CHECK(write.error().context == "write: i/o timeout");
}

TEST_CASE("a TLS stream gives the peer's chain and carries a mebibyte each way", "[net][stream]") {
  const Bytes sent = test::Pattern(1U << 20U);
  FdPair pair = Connected();
  const ServerThread server(std::move(pair.peer), test::Identity().Options(), [&](Peer& peer) {
    Bytes echo;
    while (echo.size() < sent.size()) {
      const test::Received got = peer.Read();
      if (got.status == TlsStatus::kFailed) return;
      AppendBytes(echo, got.plaintext);
    }
    peer.Write({echo});
  });
  auto stream =
      StartTls(std::move(pair.ours), TlsClientContext::Make(), "relay.example.net", Soon());
  REQUIRE(stream.has_value());
  REQUIRE((*stream)->tls() != nullptr);
  CHECK((*stream)->tls()->PeerCertificates().size() == 3);
  CHECK((*stream)->tls()->is_tls13());
  REQUIRE((*stream)->Write(sent, Soon()).has_value());
  const auto received = ReadExactly(**stream, sent.size());
  REQUIRE(received.has_value());
  CHECK((*received == sent));
}

TEST_CASE("a TLS stream knows what it holds beyond the socket", "[net][stream]") {
  FdPair pair = Connected();
  const ServerThread server(std::move(pair.peer), test::Identity().Options(), [](Peer& peer) {
    peer.Write({AsBytes("one"), AsBytes("two")}, /*shut_down=*/true);
  });
  auto started = StartTls(std::move(pair.ours), TlsClientContext::Make(), "", Soon());
  REQUIRE(started.has_value());
  ByteStream& stream = **started;
  CHECK(AsText(ReadExactly(stream, 2).value()) == "on");
  CHECK(stream.buffered());  // "e" is decrypted
  CHECK(AsText(ReadExactly(stream, 1).value()) == "e");
  CHECK(stream.buffered());  // the record of "two" came in the same bytes
  CHECK(AsText(ReadExactly(stream, 3).value()) == "two");
  std::array<std::uint8_t, 1> byte{};
  const auto end = stream.Read(byte, Soon());
  REQUIRE_FALSE(end.has_value());
  CHECK(end.error().code == ErrorCode::kClosed);
  CHECK_FALSE(stream.buffered());
}

TEST_CASE("a read that timed out may be tried again", "[net][stream]") {
  FdPair pair = Connected();
  FdPair signal = Connected();
  const auto go = MakePlainStream(std::move(signal.ours));
  const ServerThread server(std::move(pair.peer), test::Identity().Options(), [&](Peer& peer) {
    if (WaitReadable(signal.peer.get(), Soon())) peer.Write({AsBytes("late")});
  });
  auto stream = StartTls(std::move(pair.ours), TlsClientContext::Make(), "", Soon());
  REQUIRE(stream.has_value());
  std::array<std::uint8_t, 4> bytes{};
  const auto early = (*stream)->Read(bytes, In(1ms));
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().code == ErrorCode::kTimeout);
  REQUIRE(go->Write(AsBytes("!"), Soon()).has_value());
  CHECK(AsText(ReadExactly(**stream, 4).value()) == "late");
}

TEST_CASE("a stream that goes away says so to its peer", "[net][stream]") {
  FdPair pair = Connected();
  TlsStatus status = TlsStatus::kFailed;
  ServerThread server(std::move(pair.peer), test::Identity().Options(),
                      [&](Peer& peer) { status = peer.Read().status; });
  {
    auto stream = StartTls(std::move(pair.ours), TlsClientContext::Make(), "", Soon());
    REQUIRE(stream.has_value());
  }
  server.Join();
  CHECK(status == TlsStatus::kClosed);
}

TEST_CASE("a peer that speaks something else is quoted", "[net][stream]") {
  const auto banner = GENERATE(as<std::string>(), "HTTP/1.1 400 Bad Request\r\n\r\n",
                               "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", std::string(100, '\xff'));
  FdPair pair = Connected();
  const auto peer = MakePlainStream(std::move(pair.peer));
  REQUIRE(peer->Write(AsBytes(banner), Soon()).has_value());
  const auto stream = StartTls(std::move(pair.ours), TlsClientContext::Make(), "", Soon());
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().error.code == ErrorCode::kTls);
  REQUIRE(stream.error().tls.has_value());
  CHECK(stream.error().tls->cause == TlsFailure::Cause::kNotTls);
  CHECK(AsText(stream.error().first_bytes) == banner.substr(0, 64));
}

TEST_CASE("a handshake that the server refuses tells its alert", "[net][stream]") {
  TlsServerOptions options = test::Identity().Options();
  options.accept_sni = [](std::string_view) { return false; };
  FdPair pair = Connected();
  const ServerThread server(std::move(pair.peer), std::move(options), [](Peer&) {});
  const auto stream =
      StartTls(std::move(pair.ours), TlsClientContext::Make(), "relay.example.net", Soon());
  REQUIRE_FALSE(stream.has_value());
  CHECK(stream.error().error.context == "remote error: tls: internal error");
  REQUIRE(stream.error().tls.has_value());
  CHECK(stream.error().tls->alert == 80);
}

TEST_CASE("a handshake tells silence from a hang-up", "[net][stream]") {
  FdPair pair = Connected();
  const auto silent = StartTls(std::move(pair.ours), TlsClientContext::Make(), "", In(1ms));
  REQUIRE_FALSE(silent.has_value());
  CHECK(silent.error().error.code == ErrorCode::kTimeout);
  CHECK_FALSE(silent.error().tls.has_value());
  CHECK(silent.error().first_bytes.empty());

  FdPair closed = Connected();
  REQUIRE(::shutdown(closed.peer.get(), SHUT_WR) == 0);
  const auto hung_up = StartTls(std::move(closed.ours), TlsClientContext::Make(), "", Soon());
  REQUIRE_FALSE(hung_up.has_value());
  CHECK(hung_up.error().error.code == ErrorCode::kClosed);
  CHECK_FALSE(hung_up.error().tls.has_value());
}

}  // namespace
}  // namespace derp::net
