#include "common/base/bytes.h"

#include <catch2/catch.hpp>

using namespace derp;

TEST_CASE("a reader never moves past what is there", "[base]") {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader(bytes);
  CHECK_FALSE(reader.U32Be().has_value());
  CHECK(reader.U16Be() == 0x0102);
  CHECK_FALSE(reader.Take(2).has_value());
  CHECK(reader.U8() == 3);
  CHECK(reader.empty());
}

TEST_CASE("what is appended is read back", "[base]") {
  Bytes bytes;
  AppendU8(bytes, 0x12);
  AppendU16Be(bytes, 0x3456);
  AppendU32Be(bytes, 0x789abcde);
  AppendU64Be(bytes, 0x0123456789abcdefULL);
  AppendText(bytes, "ok");
  ByteReader reader(bytes);
  CHECK(reader.U8() == 0x12);
  CHECK(reader.U16Be() == 0x3456);
  CHECK(reader.U32Be() == 0x789abcde);
  CHECK(reader.U64Be() == 0x0123456789abcdefULL);
  CHECK(AsText(reader.rest()) == "ok");
}
