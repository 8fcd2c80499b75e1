#include "common/stun/attributes.h"

#include <catch2/catch.hpp>

#include "tests/support/vectors.h"

namespace derp::stun {

TEST_CASE("attributes are walked over padding of any content", "[stun]") {
  const Bytes area = test::Hex("802200016123252680230000002000044142434480220003616263ff");
  AttributeReader reader(area);
  const std::vector<std::string> wanted = {"a", "", "ABCD", "abc"};
  for (const std::string& value : wanted) {
    const auto attribute = reader.Next();
    REQUIRE(attribute.has_value());
    CHECK(AsText(attribute->value) == value);
  }
  CHECK_FALSE(reader.Next().has_value());
  CHECK_FALSE(reader.malformed());
}

TEST_CASE("an attribute that ends before its padding is malformed", "[stun]") {
  for (const char* hex : {"80", "802200", "80220001", "8022000161", "802200016100ff", "8022ffff"}) {
    CAPTURE(hex);
    const Bytes area = test::Hex(hex);
    AttributeReader reader(area);
    CHECK_FALSE(reader.Next().has_value());
    CHECK(reader.malformed());
    CHECK_FALSE(reader.Next().has_value());
  }
}

TEST_CASE("addresses survive writing and reading in both forms", "[stun]") {
  const Bytes mask = test::Hex("2112a442000102030405060708090a0b");
  for (const char* text : {"192.0.2.1:254", "192.0.2.1:257", "[2001:db8::4]:65535", "0.0.0.0:0"}) {
    CAPTURE(text);
    const auto address = SocketAddress::Parse(text);
    REQUIRE(address.has_value());
    Bytes plain;
    AppendAddress(plain, *address);
    CHECK(DecodeAddress(ByteView(plain).subspan(4)) == address);
    Bytes masked;
    AppendXorAddress(masked, *address, mask);
    CHECK(DecodeXorAddress(ByteView(masked).subspan(4), mask) == address);
    CHECK(masked != plain);
  }
}

TEST_CASE("an address of an unknown family or too few bytes is none", "[stun]") {
  for (const char* hex : {"", "000102", "0001ffff010203", "0003ffff01020304", "0000ffff01020304",
                          "0002ffff010203040102030401020304010203"}) {
    CAPTURE(hex);
    CHECK_FALSE(DecodeAddress(test::Hex(hex)).has_value());
  }
}

TEST_CASE("attributes have their names from the RFC", "[stun]") {
  CHECK(AttributeName(AttributeType::kXorMappedAddress) == "XOR-MAPPED-ADDRESS");
  CHECK(AttributeName(AttributeType::kXorMappedAddressOld) == "XOR-MAPPED-ADDRESS");
  CHECK(AttributeName(static_cast<AttributeType>(0x7f01)).empty());
}

}  // namespace derp::stun
