#include "common/base/socket_address.h"

#include <catch2/catch.hpp>

using namespace derp;

TEST_CASE("addresses are read and printed as Go's netip does", "[base]") {
  const auto text = GENERATE(as<std::string>{}, "127.0.0.1", "::1", "2001:db8::1", "fe80::1%eth0",
                             "::ffff:1.2.3.4", "0.0.0.0");
  const auto address = IpAddress::Parse(text);
  REQUIRE(address.has_value());
  CHECK(address->ToString() == text);
}

TEST_CASE("text that is no literal is refused", "[base]") {
  const auto text = GENERATE(as<std::string>{}, "", "none", "1.2.3", "1.2.3.4.5", "[::1]", "::1%",
                             "1.2.3.4%eth0", "localhost", "1.2.3.4 ");
  CAPTURE(text);
  CHECK_FALSE(IpAddress::Parse(text).has_value());
}

TEST_CASE("a mapped address is IPv6 until it is unmapped", "[base]") {
  const auto mapped = *IpAddress::Parse("::ffff:1.2.3.4");
  CHECK_FALSE(mapped.is_v4());
  CHECK(mapped.Unmap() == *IpAddress::Parse("1.2.3.4"));
  CHECK(mapped.Unmap().as_16() == mapped.as_16());
}

TEST_CASE("host and port are split as Go's SplitHostPort does", "[base]") {
  CHECK(SplitHostPort(":443")->host.empty());
  CHECK(SplitHostPort("[::1]:443")->host == "::1");
  CHECK(SplitHostPort("a:").value().port.empty());
  CHECK_FALSE(SplitHostPort("443").has_value());
  CHECK_FALSE(SplitHostPort("::1:443").has_value());
  CHECK(JoinHostPort("::1", 443) == "[::1]:443");
  CHECK(SocketAddress::Parse("[::1]:80")->ToString() == "[::1]:80");
  CHECK_FALSE(SocketAddress::Parse("[1.2.3.4]:80").has_value());
  CHECK_FALSE(SocketAddress::Parse("1.2.3.4:65536").has_value());
}

TEST_CASE("a prefix contains its addresses, mapped ones too", "[base]") {
  const auto ten = *IpPrefix::Parse("10.0.0.0/8");
  CHECK(ten.Contains(*IpAddress::Parse("10.1.2.3")));
  CHECK(ten.Contains(*IpAddress::Parse("::ffff:10.1.2.3")));
  CHECK_FALSE(ten.Contains(*IpAddress::Parse("11.0.0.1")));
  CHECK_FALSE(IpPrefix::Parse("fd00::/8")->Contains(*IpAddress::Parse("fe80::3")));
  CHECK_FALSE(IpPrefix::Parse("10.0.0.0/33").has_value());
}

TEST_CASE("address kinds are told apart", "[base]") {
  CHECK(IpAddress::Parse("100.100.1.1")->IsCgnat());
  CHECK(IpAddress::Parse("172.31.0.1")->IsPrivate());
  CHECK_FALSE(IpAddress::Parse("172.32.0.1")->IsPrivate());
  CHECK(IpAddress::Parse("fd00::1")->IsPrivate());
  CHECK(IpAddress::Parse("fe80::1")->IsLinkLocal());
  CHECK(IpAddress::Parse("::1")->IsLoopback());
}
