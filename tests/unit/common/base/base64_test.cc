#include "common/base/base64.h"

#include <catch2/catch.hpp>

#include "common/base/hex.h"

using namespace derp;

TEST_CASE("base64 follows the samples of RFC 4648 section 10", "[base]") {
  CHECK(EncodeBase64(AsBytes("")).empty());
  CHECK(EncodeBase64(AsBytes("f")) == "Zg==");
  CHECK(EncodeBase64(AsBytes("fo")) == "Zm8=");
  CHECK(EncodeBase64(AsBytes("foobar")) == "Zm9vYmFy");
  CHECK(EncodeBase64(Bytes{0xfb, 0xff}) == "+/8=");
}

TEST_CASE("base64 reads back what it wrote, and nothing else", "[base]") {
  for (const char* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CAPTURE(text);
    const ByteView bytes = AsBytes(text);
    CHECK(DecodeBase64(EncodeBase64(bytes)) == Bytes(bytes.begin(), bytes.end()));
  }
  CHECK(DecodeBase64("+/8=") == Bytes{0xfb, 0xff});
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm-_", "Zg==Zg=="}) {
    CAPTURE(text);
    CHECK_FALSE(DecodeBase64(text));
  }
}

TEST_CASE("hex is written in lower case and read in either", "[base]") {
  CHECK(EncodeHex(Bytes{0x00, 0xab, 0xff}) == "00abff");
  CHECK(DecodeHex("00ABff") == Bytes{0x00, 0xab, 0xff});
  CHECK_FALSE(DecodeHex("0").has_value());
  CHECK_FALSE(DecodeHex("0g").has_value());
}
