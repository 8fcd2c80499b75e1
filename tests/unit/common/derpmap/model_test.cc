#include "common/derpmap/model.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::derpmap;

TEST_CASE("ports fall back to their defaults and know what is out of range", "[derpmap]") {
  Node node;
  CHECK(node.EffectiveDerpPort() == 443);
  CHECK(node.EffectiveStunPort() == 3478);
  node.derp_port = 65536;
  node.stun_port = 65536;
  CHECK(node.EffectiveDerpPort() == 0);
  CHECK_FALSE(node.EffectiveStunPort().has_value());
  node.stun_port = -1;
  CHECK_FALSE(node.EffectiveStunPort().has_value());
  node.stun_port = 65535;
  CHECK(node.EffectiveStunPort() == 65535);
}

TEST_CASE("an address member is a literal of its family, empty, or switches the family off",
          "[derpmap]") {
  Node node;
  CHECK(node.Use(AddressFamily::kIpv4) == Node::FamilyUse::kResolve);
  node.ipv4 = "192.0.2.1";
  node.ipv6 = "none";
  CHECK(node.Use(AddressFamily::kIpv4) == Node::FamilyUse::kLiteral);
  CHECK(node.Literal(AddressFamily::kIpv4)->ToString() == "192.0.2.1");
  CHECK(node.Use(AddressFamily::kIpv6) == Node::FamilyUse::kOff);
  CHECK_FALSE(node.Literal(AddressFamily::kIpv6).has_value());
  node.ipv4 = "2001:db8::1";
  CHECK(node.Use(AddressFamily::kIpv4) == Node::FamilyUse::kOff);
}

TEST_CASE("the Host header names the port when it is not 443", "[derpmap]") {
  Node node;
  node.host_name = "derp.example.net";
  CHECK(node.HostHeader() == "derp.example.net");
  node.derp_port = 8443;
  CHECK(node.HostHeader() == "derp.example.net:8443");
  node.host_name = "2001:db8::1";
  CHECK(node.HostHeader() == "[2001:db8::1]:8443");
  node.derp_port = 443;
  CHECK(node.HostHeader() == "[2001:db8::1]");
}
