#include "common/derp/node_dialer.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/fake_resolver.h"

using namespace derp;

namespace {

struct Fixture {
  test::FakeResolver resolver{
      {{"both.example", {*IpAddress::Parse("192.0.2.1"), *IpAddress::Parse("2001:db8::1")}},
       {"four.example", {*IpAddress::Parse("192.0.2.4"), *IpAddress::Parse("192.0.2.5")}}}};

  Expected<NodeAddresses, Error> Resolve(const derpmap::Node& node, NodeDialOptions options = {}) {
    return ResolveNode(node, options, resolver, TimePoint{});
  }
};

std::string Text(const std::vector<SocketAddress>& addresses) {
  std::string text;
  for (const SocketAddress& address : addresses) text += address.ToString() + " ";
  return text;
}

derpmap::Node MakeNode(std::string host, std::string ipv4 = "", std::string ipv6 = "") {
  derpmap::Node node;
  node.host_name = std::move(host);
  node.ipv4 = std::move(ipv4);
  node.ipv6 = std::move(ipv6);
  return node;
}

}  // namespace

TEST_CASE("empty fields ask DNS, once for both families", "[derp][dial]") {
  Fixture f;
  const auto found = f.Resolve(MakeNode("both.example"));
  REQUIRE(found);
  CHECK(Text(found->ipv4) == "192.0.2.1:443 ");
  CHECK(Text(found->ipv6) == "[2001:db8::1]:443 ");
  CHECK(f.resolver.questions() == 1);
}

TEST_CASE("literals are dialled as they are and DERPPort is used", "[derp][dial]") {
  Fixture f;
  derpmap::Node node = MakeNode("unknown.example", "198.51.100.7", "2001:db8::7");
  node.derp_port = 8443;
  const auto found = f.Resolve(node);
  REQUIRE(found);
  CHECK(Text(found->ipv4) == "198.51.100.7:8443 ");
  CHECK(Text(found->ipv6) == "[2001:db8::7]:8443 ");
  CHECK(f.resolver.questions() == 0);
}

TEST_CASE("a literal serves when DNS fails for the other family", "[derp][dial]") {
  Fixture f;
  const auto found = f.Resolve(MakeNode("unknown.example", "198.51.100.7"));
  REQUIRE(found);
  CHECK(Text(found->ipv4) == "198.51.100.7:443 ");
  CHECK(found->ipv6.empty());
}

TEST_CASE("any other text switches a family off", "[derp][dial]") {
  Fixture f;
  const auto four = f.Resolve(MakeNode("both.example", "", "none"));
  REQUIRE(four);
  CHECK(four->ipv6.empty());
  const auto off = f.Resolve(MakeNode("both.example", "none", "192.0.2.9"));
  REQUIRE_FALSE(off);
  CHECK(off.error().context == "both IPv4 and IPv6 are explicitly disabled for node");
}

TEST_CASE("a host name that is a literal switches the other family off", "[derp][dial]") {
  Fixture f;
  test::FakeResolver literals({{"192.0.2.3", {*IpAddress::Parse("192.0.2.3")}}});
  const auto found = ResolveNode(MakeNode("192.0.2.3"), {}, literals, TimePoint{});
  REQUIRE(found);
  CHECK(Text(found->ipv4) == "192.0.2.3:443 ");
  CHECK_FALSE(f.Resolve(MakeNode("192.0.2.3", "none", "2001:db8::1")).has_value());
}

TEST_CASE("one family can be asked for alone", "[derp][dial]") {
  Fixture f;
  const auto six = f.Resolve(MakeNode("both.example"), {.only = AddressFamily::kIpv6});
  REQUIRE(six);
  CHECK(six->ipv4.empty());
  CHECK(six->ipv6.size() == 1);
}

TEST_CASE("a name without addresses fails with the resolver's words", "[derp][dial]") {
  Fixture f;
  const auto found = f.Resolve(MakeNode("unknown.example"));
  REQUIRE_FALSE(found);
  CHECK(found.error().code == ErrorCode::kNotFound);
  CHECK(found.error().context == "lookup unknown.example: no such host");
}
