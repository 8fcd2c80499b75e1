#include "common/net/sockets.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>

namespace derp::net {
namespace {

TEST_CASE("addresses survive the kernel's form", "[net]") {
  const auto text = GENERATE(values<std::string>(
      {"0.0.0.0:0", "192.0.2.7:65535", "[::]:3478", "[2001:db8::1]:443", "[fe80::1%lo]:1"}));
  CAPTURE(text);
  const auto address = SocketAddress::Parse(text);
  REQUIRE(address.has_value());
  sockaddr_storage storage{};
  CHECK(ToSockaddr(*address, storage) > 0);
  CHECK(FromSockaddr(storage) == address);
}

TEST_CASE("a socket address of another family has no value", "[net]") {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  CHECK_FALSE(FromSockaddr(storage).has_value());
}

TEST_CASE("a connect that runs out of time reads as Go's", "[net]") {
  const Error error = ConnectTimeout(*SocketAddress::Parse("192.0.2.1:443"));
  CHECK(error.code == ErrorCode::kTimeout);
  CHECK(error.context == "dial tcp 192.0.2.1:443: i/o timeout");
}

TEST_CASE("a descriptor closes once and moves", "[net]") {
  auto socket = BindUdp(*SocketAddress::Parse("127.0.0.1:0"));
  REQUIRE(socket.has_value());
  const int number = socket->get();
  Fd moved = std::move(*socket);
  CHECK(moved.get() == number);
  Fd other;
  other = std::move(moved);
  CHECK_FALSE(moved.valid());
  CHECK(other.get() == number);
  other.Close();
  CHECK_FALSE(other.valid());
  CHECK_FALSE(LocalAddress(number).has_value());
}

}  // namespace
}  // namespace derp::net
