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
