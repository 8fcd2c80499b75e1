#include "common/stun/server_answer.h"

#include <catch2/catch.hpp>

#include "common/base/hex.h"
#include "common/stun/attributes.h"
#include "tests/support/vectors.h"

namespace derp::stun {
namespace {

const std::string kCookieAndId = "2112a442000102030405060708090a0b";
const std::string kClassicId = "01d00673abe9b42c0d00887c6faed428";
const SocketAddress kSource{IpAddress::V4({203, 0, 113, 7}), 41641};
const SocketAddress kSource6{*IpAddress::Parse("2001:db8::7"), 41641};

// A binding request of the given id and attributes, as hex.
Bytes Request(const std::string& id, const std::string& attributes) {
  Bytes out = test::Hex("00010000" + id + attributes);
  StoreU16Be(&out[2], static_cast<std::uint16_t>(out.size() - kHeaderSize));
  return out;
}

Expected<Answer, MessageError> Generic(ByteView request, const SocketAddress& source = kSource) {
  return AnswerRequest(ServerMode::kGeneric, request, source);
}

std::string AttributesOf(ByteView answer) { return EncodeHex(answer.subspan(kHeaderSize)); }

}  // namespace

TEST_CASE("server modes are read by their names only", "[stun]") {
  CHECK(ParseServerMode("strict") == ServerMode::kStrict);
  CHECK(ParseServerMode("generic") == ServerMode::kGeneric);
  CHECK(ParseServerMode("Strict") == std::nullopt);
  CHECK(ParseServerMode("") == std::nullopt);
}

TEST_CASE("attributes of ICE and a change request for nothing are accepted", "[stun]") {
  const std::string ice =
      "00060003616263000008001400000000000000000000000000000000000000000024000401020304";
  const auto answer = Generic(Request(kCookieAndId, ice + "0025000000030004000000007fff0000"));
  REQUIRE(answer.has_value());
  CHECK(AttributesOf(answer->bytes()).find("7fff") != std::string::npos);  // the only one refused
  CHECK(LoadU16Be(answer->bytes().data()) == 0x0111);

  const auto accepted = Generic(Request(kCookieAndId, ice + "00250000000300040000000080ff0000"));
  REQUIRE(accepted.has_value());
  CHECK(LoadU16Be(accepted->bytes().data()) == 0x0101);
  CHECK_FALSE(accepted->tailscale_dialect);
}

TEST_CASE("each attribute that is not understood is named once, up to a limit", "[stun]") {
  std::string attributes;
  for (int i = 0; i < 40; ++i) attributes += "7f0" + std::to_string(i % 5) + "0000";
  const auto answer = Generic(Request(kCookieAndId, attributes));
  REQUIRE(answer.has_value());
  CHECK(AttributesOf(answer->bytes()).ends_with("000a000a7f007f017f027f037f040000"));

  std::string many;
  for (int i = 10; i < 99; ++i) many += "7f" + std::to_string(i) + "0000";
  const auto bounded = Generic(Request(kCookieAndId, many));
  REQUIRE(bounded.has_value());
  CHECK(bounded->bytes().size() <= kMaxAnswer);
}

TEST_CASE("a refusal mirrors the fingerprint and stays readable", "[stun]") {
  Bytes request = Request(kCookieAndId, "7f0100008028000400000000");
  StoreU32Be(&request[request.size() - 4],
             FingerprintOf(ByteView(request).first(request.size() - 8)));
  const auto answer = Generic(request);
  REQUIRE(answer.has_value());
  const ByteView bytes = answer->bytes();
  CHECK(LoadU16Be(&bytes[2]) == bytes.size() - kHeaderSize);
  CHECK(LoadU32Be(&bytes[bytes.size() - 4]) == FingerprintOf(bytes.first(bytes.size() - 8)));
}

TEST_CASE("a fingerprint that is wrong or not last gets no answer", "[stun]") {
  CHECK(Generic(Request(kCookieAndId, "8028000400000000")).error() ==
        MessageError::kWrongFingerprint);
  CHECK(Generic(Request(kCookieAndId, "80280000")).error() == MessageError::kWrongFingerprint);
  Bytes not_last = Request(kCookieAndId, "802800040000000080230000");
  StoreU32Be(&not_last[24], FingerprintOf(ByteView(not_last).first(not_last.size() - 8)));
  // The value lies within what it covers, so it cannot be right; either way there is no answer.
  CHECK_FALSE(Generic(not_last).has_value());
}

TEST_CASE("a classic refusal uses no padding", "[stun]") {
  const auto answer = Generic(Request(kClassicId, "0003000400000006"));
  REQUIRE(answer.has_value());
  CHECK(EncodeHex(answer->bytes()) ==
        "01110024" + kClassicId +
            "0009001800000414556e6b6e6f776e20417474726962757465202020000a000400030003");
}

TEST_CASE("a classic request for an answer elsewhere is refused", "[stun]") {
  // RESPONSE-ADDRESS (RFC 3489 11.2.2) would let a client aim answers at others.
  const auto answer = Generic(Request(kClassicId, "0002000800010d96c6336409"));
  REQUIRE(answer.has_value());
  CHECK(LoadU16Be(answer->bytes().data()) == 0x0111);
}

TEST_CASE("IPv6 clients of other vendors get both addresses", "[stun]") {
  const auto answer = Generic(Request(kCookieAndId, ""), kSource6);
  REQUIRE(answer.has_value());
  CHECK(answer->bytes().size() == 68);
  CHECK(ParseResponse(answer->bytes())->address == kSource6);
}

TEST_CASE("everything but a binding request gets no answer in either mode", "[stun]") {
  const std::vector<std::string> datagrams = {"",
                                              "00",
                                              "0011"
                                              "0000" +
                                                  kCookieAndId,
                                              "0101"
                                              "0000" +
                                                  kCookieAndId,
                                              "0111"
                                              "0000" +
                                                  kCookieAndId,
                                              "0003"
                                              "0000" +
                                                  kCookieAndId,
                                              "8001"
                                              "0000" +
                                                  kCookieAndId,
                                              "0001"
                                              "0004" +
                                                  kCookieAndId,
                                              "0001"
                                              "0001" +
                                                  kCookieAndId + "00",
                                              "0001"
                                              "0004" +
                                                  kClassicId,
                                              "0002"
                                              "0000" +
                                                  kClassicId,
                                              "0001"
                                              "0004" +
                                                  kCookieAndId + "00030004"};
  for (const std::string& hex : datagrams) {
    CAPTURE(hex);
    for (const ServerMode mode : {ServerMode::kStrict, ServerMode::kGeneric}) {
      CHECK_FALSE(AnswerRequest(mode, test::Hex(hex), kSource).has_value());
    }
  }
}

TEST_CASE("an answer does not come from an answer", "[stun]") {
  // Two servers must never talk to each other for ever.
  for (const char* attributes : {"", "7f010000", "0003000400000006"}) {
    const auto answer = Generic(Request(kCookieAndId, attributes));
    REQUIRE(answer.has_value());
    CHECK_FALSE(Generic(answer->bytes()).has_value());
  }
}

}  // namespace derp::stun
