// The JSON inside the login boxes, read as Go's encoding/json reads it (derp-protocol.md 4.4).
#include <catch2/catch.hpp>

#include "common/wire/login.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::wire;

namespace {

const std::string kDigits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

bool Accepts(std::string_view text) { return ParseClientInfoJson(text).has_value(); }

}  // namespace

TEST_CASE("the golden login texts are accepted or refused as named", "[wire][json]") {
  const auto data = test::ReadJson("derp-frames.json");
  for (const auto& box : data["boxes"]) {
    const std::string name = box["name"];
    const std::string text = box["plaintext_utf8"];
    CAPTURE(name, text);
    if (name.starts_with("server_info")) {
      CHECK(ParseServerInfoJson(text).has_value());
      CHECK(ServerInfoJson(ParseServerInfoJson(text).value()) == text);
    } else {
      CHECK(Accepts(text) == !name.starts_with("reject_"));
    }
  }
}

TEST_CASE("members are found in any letter case and the last duplicate wins", "[wire][json]") {
  const auto info = ParseClientInfoJson(R"({"VERSION":7,"canackpings":true,"isProber":false,)"
                                        R"("MESHKEY":")" +
                                        kDigits + R"(","ISPROBER":true,"Version":9})");
  REQUIRE(info);
  CHECK(info->version == 9);
  CHECK(info->can_ack_pings);
  CHECK(info->is_prober);
  REQUIRE(info->mesh_key);
  CHECK(info->mesh_key->ToString() == kDigits);
}

TEST_CASE("absent members are defaults and null leaves numbers, bools and strings alone",
          "[wire][json]") {
  for (const char* text :
       {"{}", "null", " { } ", R"({"version":null,"CanAckPings":null,"AppName":null})"}) {
    CAPTURE(text);
    const auto info = ParseClientInfoJson(text);
    REQUIRE(info);
    CHECK(info->version == 0);
    CHECK_FALSE(info->can_ack_pings);
    CHECK_FALSE(info->mesh_key);
    CHECK(info->app_name.empty());
  }
}

TEST_CASE("unknown members of any shape are skipped", "[wire][json]") {
  const auto info = ParseClientInfoJson(
      R"({"x":{"version":"no","meshKey":5,"deep":[[{"version":[]}]]},"y":1.5,"z":1e99,)"
      R"("big":18446744073709551616,"version":3})");
  REQUIRE(info);
  CHECK(info->version == 3);
}

TEST_CASE("wrong types, fractions and trailing bytes are refused", "[wire][json]") {
  const auto text =
      GENERATE(as<std::string>{}, "", " ", "true", "5", "\"x\"", "[{}]", R"({"version":2.0})",
               R"({"version":1e1})", R"({"version":"2"})", R"({"version":[2]})",
               R"({"version":{}})", R"({"version":true})", R"({"version":9223372036854775808})",
               R"({"CanAckPings":1})", R"({"CanAckPings":"true"})", R"({"AppName":1})",
               R"({"version":2}})", R"({"version":2)", R"({"version":2,})", R"({'version':2})",
               R"({"version":02})", "{}x", "{}{}", "\xef\xbb\xbf{}");
  CAPTURE(text);
  CHECK_FALSE(Accepts(text));
}

TEST_CASE("an early wrong duplicate is refused even when a later one is right", "[wire][json]") {
  CHECK_FALSE(Accepts(R"({"version":"2","version":2})"));
}

TEST_CASE("a NUL byte does not end the text", "[wire][json]") {
  CHECK_FALSE(Accepts(std::string("{}\0x", 4)));
  CHECK_FALSE(Accepts(std::string("{}\0", 3)));
}

TEST_CASE("a mesh key is a string of exactly 64 hex digits", "[wire][json]") {
  CHECK(Accepts(R"({"meshKey":")" + kDigits + R"("})"));
  for (const std::string& value :
       {"\" " + kDigits + "\"", "\"" + kDigits + " \"", "\"" + kDigits.substr(1) + "\"",
        "\"" + kDigits + "0\"", "\"" + kDigits.substr(1) + "g\"", std::string("null"),
        std::string("5"), std::string("\"\""), std::string("[]")}) {
    CAPTURE(value);
    CHECK_FALSE(Accepts(R"({"meshKey":)" + value + "}"));
  }
}

TEST_CASE("the all-zero mesh key counts as none", "[wire][json]") {
  const auto info = ParseClientInfoJson(R"({"meshKey":")" + std::string(64, '0') + R"("})");
  REQUIRE(info);
  CHECK_FALSE(info->mesh_key);
}

TEST_CASE("deep nesting and oversized texts are refused without being stored", "[wire][json]") {
  CHECK(Accepts(R"({"x":)" + std::string(60, '[') + std::string(60, ']') + "}"));
  CHECK_FALSE(Accepts(R"({"x":)" + std::string(100'000, '[')));
  CHECK_FALSE(Accepts(R"({"x":)" + std::string(100, '[') + std::string(100, ']') + "}"));
  CHECK_FALSE(Accepts("{}" + std::string(256 * 1024, ' ')));
}

TEST_CASE("a version beyond our integers is taken as the largest", "[wire][json]") {
  CHECK(ParseClientInfoJson(R"({"version":9223372036854775807})")->version == 2147483647);
  CHECK(ParseClientInfoJson(R"({"version":-5})")->version == -5);
}

TEST_CASE("a login text is cut nowhere", "[wire][json]") {
  const std::string text = R"({"version":2,"CanAckPings":true,"AppName":"a\u00e9"})";
  for (std::size_t cut = 0; cut < text.size(); ++cut) CHECK_FALSE(Accepts(text.substr(0, cut)));
  CHECK(ParseClientInfoJson(text)->app_name == "a\xc3\xa9");
}

TEST_CASE("the default texts have Go's members in Go's order", "[wire][json]") {
  CHECK(ClientInfoJson({}) == R"({"version":2,"CanAckPings":false})");
  ClientInfo info{.can_ack_pings = true, .is_prober = true, .app_name = "x\"y"};
  info.mesh_key = MeshKey::Parse(kDigits);
  CHECK(ClientInfoJson(info) == R"({"meshKey":")" + kDigits +
                                    R"(","version":2,"CanAckPings":true,"IsProber":true,)"
                                    R"("AppName":"x\"y"})");
  CHECK(ServerInfoJson({}) == R"({"version":2})");
}
