#include "common/net/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace derp::net {
namespace {

TimePoint In(Duration duration) { return SystemClock().Now() + duration; }

SocketAddress Address(std::string_view text) { return *SocketAddress::Parse(text); }

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  REQUIRE(::getsockopt(fd, level, name, &value, &length) == 0);
  return value;
}

Fd Listen(std::string_view address, const TcpOptions& options = {}) {
  auto listener = ListenTcp(Address(address), options);
  if (!listener) FAIL(listener.error().context);
  return std::move(*listener);
}

Accepted AcceptOne(const Fd& listener, const TcpOptions& options = {}) {
  REQUIRE(WaitReadable(listener.get(), In(std::chrono::seconds(10))));
  auto accepted = Accept(listener.get(), options);
  REQUIRE((accepted.has_value() && accepted->has_value()));
  return std::move(**accepted);
}

TEST_CASE("a connection is accepted with its peer's address and the options of derper", "[net]") {
  const TcpOptions options{.user_timeout = std::chrono::seconds(15),
                           .keepalive_idle = std::chrono::minutes(10)};
  const Fd listener = Listen("127.0.0.1:0", options);
  const auto client = ConnectTcp(*LocalAddress(listener.get()), In(std::chrono::seconds(10)));
  REQUIRE(client.has_value());
  const Accepted accepted = AcceptOne(listener, options);
  CHECK(accepted.peer == *LocalAddress(client->get()));
  const int fd = accepted.fd.get();
  CHECK(Option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(Option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 15'000);
  CHECK(Option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(Option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 600);
  CHECK(Option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 15);
  CHECK(Option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 9);
  CHECK(Option(client->get(), IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK_FALSE(Accept(listener.get(), options)->has_value());
}

TEST_CASE("keep-alive is 15 s unless it is asked for or switched off", "[net]") {
  const Fd plain = Listen("127.0.0.1:0");
  CHECK(Option(plain.get(), IPPROTO_TCP, TCP_KEEPIDLE) == 15);
  const Fd off = Listen("127.0.0.1:0", {.keepalive_idle = Duration(-1)});
  CHECK(Option(off.get(), SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("a dual-stack listener reports IPv4 clients in IPv4 form", "[net]") {
  const Fd listener = Listen("[::]:0");
  const std::uint16_t port = LocalAddress(listener.get())->port;
  const auto client =
      ConnectTcp({*IpAddress::Parse("127.0.0.1"), port}, In(std::chrono::seconds(10)));
  REQUIRE(client.has_value());
  CHECK(AcceptOne(listener).peer.ip == *IpAddress::Parse("127.0.0.1"));
}

TEST_CASE("a port is listened on once", "[net]") {
  const Fd first = Listen("127.0.0.1:0");
  const SocketAddress address = *LocalAddress(first.get());
  const auto second = ListenTcp(address, {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().context ==
        "listen tcp " + address.ToString() + ": bind: address already in use");
  const Fd all = Listen("[::]:0");
  const SocketAddress any = *LocalAddress(all.get());
  CHECK(ListenTcp(any, {}).error().context ==
        "listen tcp :" + std::to_string(any.port) + ": bind: address already in use");
}

TEST_CASE("a refused connection reads as Go's", "[net]") {
  Fd listener = Listen("127.0.0.1:0");
  const SocketAddress address = *LocalAddress(listener.get());
  listener.Close();
  const auto client = ConnectTcp(address, In(std::chrono::seconds(10)));
  REQUIRE_FALSE(client.has_value());
  CHECK(client.error().code == ErrorCode::kRefused);
  CHECK(client.error().context ==
        "dial tcp " + address.ToString() + ": connect: connection refused");
  const auto mapped =
      ConnectTcp({IpAddress::V6(address.ip.as_16()), address.port}, In(std::chrono::seconds(10)));
  CHECK(mapped.error().context == client.error().context);
}

TEST_CASE("a connect without an answer ends at its deadline", "[net]") {
  // A listener whose queue is full leaves further connects unanswered.
  const Fd listener = Listen("127.0.0.1:0");
  const SocketAddress address = *LocalAddress(listener.get());
  REQUIRE(::listen(listener.get(), 0) == 0);
  const auto first = ConnectTcp(address, In(std::chrono::seconds(10)));
  REQUIRE(first.has_value());
  const auto second = ConnectTcp(address, In(std::chrono::milliseconds(20)));
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::kTimeout);
  CHECK(second.error().context == "dial tcp " + address.ToString() + ": i/o timeout");
}

TEST_CASE("datagrams travel between a dual-stack socket and an IPv4 one", "[net]") {
  const auto wide = BindUdp(Address("[::]:0"));
  const auto narrow = BindUdp(Address("127.0.0.1:0"));
  REQUIRE((wide.has_value() && narrow.has_value()));
  const SocketAddress to = *LocalAddress(narrow->get());
  REQUIRE(SendTo(wide->get(), AsBytes("ping"), to).has_value());
  const auto got = ReceiveFrom(narrow->get(), In(std::chrono::seconds(10)));
  REQUIRE(got.has_value());
  CHECK(AsText(got->bytes) == "ping");
  REQUIRE(SendTo(narrow->get(), AsBytes("pong"), got->source).has_value());
  const auto back = ReceiveFrom(wide->get(), In(std::chrono::seconds(10)));
  REQUIRE(back.has_value());
  CHECK(back->source.ip.IsMapped());
  CHECK(back->source.ip.Unmap() == to.ip);
}

TEST_CASE("an empty datagram is a datagram", "[net]") {
  const auto socket = BindUdp(Address("127.0.0.1:0"));
  REQUIRE(SendTo(socket->get(), {}, *LocalAddress(socket->get())).has_value());
  const auto got = ReceiveFrom(socket->get(), In(std::chrono::seconds(10)));
  REQUIRE(got.has_value());
  CHECK(got->bytes.empty());
}

TEST_CASE("a silent UDP peer reads as Go's time-out", "[net]") {
  const auto socket = BindUdp(Address("[::]:0"));
  const auto got = ReceiveFrom(socket->get(), In(Duration::zero()));
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == ErrorCode::kTimeout);
  CHECK(got.error().context ==
        "read udp " + LocalAddress(socket->get())->ToString() + ": i/o timeout");
}

TEST_CASE("an ICMP refusal is reported where it was asked for", "[net]") {
  auto closed = BindUdp(Address("127.0.0.1:0"));
  const SocketAddress target = *LocalAddress(closed->get());
  closed->Close();
  const auto local = GENERATE(values<std::string>({"127.0.0.1:0", "[::]:0"}));
  const auto socket = BindUdp(Address(local));
  REQUIRE(ReportIcmpErrors(socket->get()).has_value());
  REQUIRE(SendTo(socket->get(), AsBytes("x"), target).has_value());
  const auto got = ReceiveFrom(socket->get(), In(std::chrono::seconds(10)));
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code == ErrorCode::kRefused);
  // The socket is usable, and quiet, afterwards.
  CHECK(ReceiveFrom(socket->get(), In(Duration::zero())).error().code == ErrorCode::kTimeout);
  CHECK(SendTo(socket->get(), AsBytes("x"), *LocalAddress(socket->get())).has_value());
}

TEST_CASE("a datagram that is too large names its way", "[net]") {
  const auto socket = BindUdp(Address("127.0.0.1:0"));
  const auto sent = SendTo(socket->get(), Bytes(70'000), Address("127.0.0.1:9"));
  REQUIRE_FALSE(sent.has_value());
  CHECK(sent.error().code == ErrorCode::kTooLarge);
  CHECK(sent.error().context == "write udp " + LocalAddress(socket->get())->ToString() +
                                    "->127.0.0.1:9: sendto: message too long");
}

TEST_CASE("the address to send from is told without sending", "[net]") {
  CHECK(LocalAddressTowards(*IpAddress::Parse("127.0.0.9")) == *IpAddress::Parse("127.0.0.1"));
  CHECK_FALSE(LocalAddressTowards(*IpAddress::Parse("255.255.255.255")).has_value());
}

TEST_CASE("the descriptor limit is raised to the hard one", "[net]") {
  CHECK(RaiseDescriptorLimit() >= 64);
  CHECK(RaiseDescriptorLimit() == RaiseDescriptorLimit());
}

}  // namespace
}  // namespace derp::net
