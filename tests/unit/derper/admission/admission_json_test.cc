#include "derper/admission/admission_json.h"

#include <array>

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::admission;

namespace {

NodePublic Key() { return NodePublic(std::array<std::uint8_t, kKeySize>{1, 2, 3}); }

}  // namespace

TEST_CASE("a verify request names the key and the address", "[admission]") {
  CHECK(VerifyRequest(Key(), "192.0.2.1") ==
        R"({"NodePublic":")" + Key().ToString() + R"(","Source":"192.0.2.1"})");
  CHECK(VerifyRequest(Key(), "fe80::1%a\"b") ==
        R"({"NodePublic":")" + Key().ToString() + R"(","Source":"fe80::1%a\"b"})");
}

TEST_CASE("a verify reply is read as Go's decoder reads it", "[admission]") {
  for (const char* text :
       {R"({"Allow":true})", R"( {"allow" : true} )", R"({"Allow":false,"ALLOW":true})",
        R"({"Allow":true,"Allow":null})", R"({"x":{"Allow":false},"Allow":true})",
        R"({"Allow":true}{"Allow":false})", R"({"Allow":true} what follows does not matter)"}) {
    CAPTURE(text);
    const auto allow = ReadVerifyReply(text);
    REQUIRE(allow.has_value());
    CHECK(*allow);
  }
  for (const char* text :
       {"{}", "null", R"({"Allow":false})", R"({"Allow":null})", R"({"x":{"Allow":true}})",
        R"({"x":[true],"Allowed":true})", R"({"Allow":true,"Allow":false})"}) {
    CAPTURE(text);
    const auto allow = ReadVerifyReply(text);
    REQUIRE(allow.has_value());
    CHECK_FALSE(*allow);
  }
}

TEST_CASE("a verify reply without a boolean is told from one that is no JSON", "[admission]") {
  for (const char* text : {R"({"Allow":"true"})", R"({"Allow":1})", R"({"Allow":-1.5})",
                           R"({"Allow":{}})", R"({"Allow":[true]})", "[true]", "true", "\"x\""}) {
    CAPTURE(text);
    const auto allow = ReadVerifyReply(text);
    REQUIRE_FALSE(allow.has_value());
    CHECK(allow.error() == "the answer has no boolean \"Allow\"");
  }
  const std::string whole = R"({"Allow":true})";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    const auto allow = ReadVerifyReply(whole.substr(0, cut));
    REQUIRE_FALSE(allow.has_value());
    CHECK(allow.error() == "the answer is no JSON");
  }
}

TEST_CASE("deep nesting in a reply is no danger", "[admission]") {
  CHECK_FALSE(ReadVerifyReply(std::string(4096, '[')).has_value());
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  CHECK(ReadVerifyReply(R"({"x":)" + deep + R"(,"Allow":true})").value());
}

TEST_CASE("tailscaled's status tells its own key", "[admission]") {
  const auto key =
      OwnKeyOfStatus(R"({"Version":"1","Self":{"PublicKey":")" + Key().ToString() + R"("}})");
  REQUIRE(key.has_value());
  CHECK(*key == Key());
  for (const char* text : {"", "{}", "[]", R"({"Self":null})", R"({"Self":{}})",
                           R"({"Self":{"PublicKey":1}})", R"({"Self":{"PublicKey":"x"}})"}) {
    CAPTURE(text);
    CHECK_FALSE(OwnKeyOfStatus(text).has_value());
  }
  CHECK(IsJsonObject("{}"));
  CHECK_FALSE(IsJsonObject("[]"));
  CHECK_FALSE(IsJsonObject("{} x"));
}
