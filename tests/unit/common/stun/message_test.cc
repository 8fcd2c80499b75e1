#include "common/stun/message.h"

#include <catch2/catch.hpp>

#include "common/stun/attributes.h"
#include "common/stun/crc32.h"

namespace derp::stun {
namespace {

constexpr TransactionId kId{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
const SocketAddress kSource{IpAddress::V4({203, 0, 113, 7}), 41641};

}  // namespace

TEST_CASE("the checksum is the one of zip files", "[stun]") {
  CHECK(Crc32(AsBytes("")) == 0);
  CHECK(Crc32(AsBytes("123456789")) == 0xcbf43926U);
  CHECK(Crc32(AsBytes("The quick brown fox jumps over the lazy dog")) == 0x414fa339U);
}

TEST_CASE("a request cut anywhere is refused", "[stun]") {
  const auto request = BuildRequest(kId);
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(ParseRequest(ByteView(request).first(cut)).has_value());
  }
}

TEST_CASE("a request with any bit turned is refused", "[stun]") {
  for (std::size_t bit = 0; bit < kRequestSize * 8; ++bit) {
    CAPTURE(bit);
    auto request = BuildRequest(kId);
    request[bit / 8] = static_cast<std::uint8_t>(request[bit / 8] ^ (1U << (bit % 8)));
    CHECK_FALSE(ParseRequest(request).has_value());
  }
}

TEST_CASE("a response cut anywhere is refused", "[stun]") {
  const Bytes response = BuildResponse(kId, kSource);
  for (std::size_t cut = 0; cut < response.size(); ++cut) {
    CAPTURE(cut);
    CHECK_FALSE(ParseResponse(ByteView(response).first(cut)).has_value());
  }
}

TEST_CASE("the first attribute of a request is the software gate", "[stun]") {
  const auto request = BuildRequest(kId);
  CHECK(LoadU16Be(&request[20]) == static_cast<std::uint16_t>(AttributeType::kSoftware));
  CHECK(AsText(ByteView(request).subspan(24, 8)) == "tailnode");
}

TEST_CASE("the transaction of a refused message can still be told", "[stun]") {
  Bytes error_response = BuildResponse(kId, kSource);
  error_response[1] = 0x11;
  CHECK(ParseResponse(error_response).error() == MessageError::kNotSuccessResponse);
  CHECK(PeekTransactionId(error_response) == kId);
  CHECK(PeekTransactionId(AsBytes("too short for STUN")) == std::nullopt);
}

TEST_CASE("an answer has 32 bytes for IPv4 and 44 for IPv6", "[stun]") {
  CHECK(BuildResponse(kId, kSource).size() == 32);
  CHECK(BuildResponse(kId, {*IpAddress::Parse("::ffff:203.0.113.7"), 1}).size() == 32);
  CHECK(BuildResponse(kId, {*IpAddress::Parse("2001:db8::1"), 1}).size() == 44);
}

TEST_CASE("every message error has its own name and sentence", "[stun]") {
  for (std::size_t a = 0; a < kMessageErrorCount; ++a) {
    for (std::size_t b = a + 1; b < kMessageErrorCount; ++b) {
      const auto one = static_cast<MessageError>(a);
      const auto other = static_cast<MessageError>(b);
      CHECK(MessageErrorName(one) != MessageErrorName(other));
      CHECK(MessageErrorText(one) != MessageErrorText(other));
    }
  }
}

}  // namespace derp::stun
