#include "common/wire/upgrade.h"

#include <catch2/catch.hpp>

#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::wire;

TEST_CASE("the upgrade texts are byte for byte the golden ones", "[wire][upgrade]") {
  const auto data = test::ReadJson("derp-frames.json");
  const auto text = [&](const char* name) { return data["http"][name]["text"].get<std::string>(); };
  CHECK(UpgradeRequestText({.host = "derp.example.com"}) == text("request_normal"));
  CHECK(UpgradeRequestText({.host = "derp.example.com", .fast_start = true}) ==
        text("request_fast_start"));
  CHECK(UpgradeRequestText(
            {.host = "derp.example.com:8443", .ideal_node = "1a", .fast_start = true}) ==
        text("request_fast_start_not_ideal_port_8443"));
  const auto server = NodePublic::Parse(data["keys"]["server"]["public_text"].get<std::string>());
  REQUIRE(server);
  CHECK(UpgradeReplyText(*server) == text("response_101"));
}

TEST_CASE("a line end in a name from a map makes no header of its own", "[wire][upgrade]") {
  const std::string text =
      UpgradeRequestText({.path = "/derp\r\nA: b", .host = "h\r\nC: d", .ideal_node = "1a\nE: f"});
  CHECK(text ==
        "GET /derpA: b HTTP/1.1\r\nHost: hC: d\r\nUser-Agent: Go-http-client/1.1\r\n"
        "Connection: Upgrade\r\nIdeal-Node: 1aE: f\r\nUpgrade: DERP\r\n\r\n");
}
