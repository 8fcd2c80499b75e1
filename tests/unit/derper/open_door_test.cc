#include "derper/open_door.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

bool IsOpen(const Options& options, const char* listening, std::vector<const char*> own = {}) {
  std::vector<IpAddress> addresses;
  for (const char* text : own) addresses.push_back(*IpAddress::Parse(text));
  return FindOpenDoor(options, *IpAddress::Parse(listening), addresses).has_value();
}

TEST_CASE("a relay on a public address without verification is told of", "[derper]") {
  const Options options;
  CHECK(IsOpen(options, "203.0.113.7"));
  CHECK(IsOpen(options, "2001:db8::1"));
  CHECK(IsOpen(options, "::", {"127.0.0.1", "10.0.0.1", "203.0.113.7"}));
  CHECK(IsOpen(options, "0.0.0.0", {"203.0.113.7"}));
  const auto text =
      FindOpenDoor(options, *IpAddress::Parse("::"), {*IpAddress::Parse("192.0.2.9")});
  CHECK(text->find("192.0.2.9") != std::string::npos);
}

TEST_CASE("a relay on private addresses only is nobody else's", "[derper]") {
  const Options options;
  for (const char* address : {"127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "fd00::1", "fe80::1",
                              "169.254.1.1", "100.64.0.1", "::ffff:10.0.0.1"}) {
    CAPTURE(address);
    CHECK_FALSE(IsOpen(options, address));
    CHECK_FALSE(IsOpen(options, "::", {address}));
  }
  CHECK_FALSE(IsOpen(options, "10.0.0.1", {"203.0.113.7"}));
}

TEST_CASE("a relay that verifies its clients, or has none, has no open door", "[derper]") {
  Options options;
  options.derp = false;
  CHECK_FALSE(IsOpen(options, "203.0.113.7"));
  options.derp = true;
  options.verify_clients = true;
  CHECK_FALSE(IsOpen(options, "203.0.113.7"));
  options.verify_clients = false;
  options.verify_client_url = "http://127.0.0.1/verify";
  CHECK_FALSE(IsOpen(options, "203.0.113.7"));
}

}  // namespace
}  // namespace derp::relay
