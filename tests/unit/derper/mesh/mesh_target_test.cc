#include "derper/mesh/mesh_target.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

TEST_CASE("mesh entries name a host, perhaps with a port and another to dial", "[derper][mesh]") {
  const auto targets = ParseMeshWith(" a.example ,, b.example:8443/10.0.0.1 ,[2001:db8::1]:444,");
  REQUIRE(targets.has_value());
  REQUIRE(targets->size() == 3);
  CHECK((*targets)[0].url.ToString() == "https://a.example/derp");
  CHECK((*targets)[0].dial_host.empty());
  CHECK((*targets)[1].host == "b.example:8443");
  CHECK((*targets)[1].url.port == 8443);
  CHECK((*targets)[1].dial_host == "10.0.0.1");
  CHECK((*targets)[2].url.host == "2001:db8::1");
  CHECK(ParseMeshWith("")->empty());
}

TEST_CASE("mesh entries that make no sense are fatal", "[derper][mesh]") {
  std::string many;
  for (int i = 0; i < 256; ++i) many += "a.example,";
  CHECK(ParseMeshWith(many).has_value());
  CHECK(ParseMeshWith(many + "a.example").error().context ==
        "--mesh-with names more than 256 relays");
  CHECK(ParseMeshWith("a/b/c").error().context == "too many components in host tuple \"a/b/c\"");
  for (const char* list : {"a b", "/b", "a/", "a:x", "a?b", "user@a"}) {
    CAPTURE(list);
    CHECK_FALSE(ParseMeshWith(list).has_value());
  }
}

}  // namespace
}  // namespace derp::relay
