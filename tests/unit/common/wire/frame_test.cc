#include "common/wire/frame.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::wire;

TEST_CASE("a frame is found wherever the stream is cut", "[wire][frame]") {
  const Bytes stream = {0x06, 0, 0, 0, 0, 0x05, 0, 0, 0, 2, 0xab, 0xcd};
  const auto cut = GENERATE(range<std::size_t>(0, 13));
  CAPTURE(cut);
  ByteView input = ByteView(stream).first(cut);
  std::size_t frames = 0;
  for (;;) {
    const auto taken = TakeFrame(input, /*max_payload=*/2);
    REQUIRE(taken.has_value());
    if (!*taken) break;
    ++frames;
  }
  CHECK(frames == (cut >= 5 ? 1U : 0U) + (cut >= 12 ? 1U : 0U));
  CHECK(input.size() == cut - (cut >= 5 ? 5U : 0U) - (cut >= 12 ? 7U : 0U));
}

TEST_CASE("an oversized length fails on its header alone", "[wire][frame]") {
  const Bytes header = {0x05, 0, 0, 0, 3};
  ByteView input(header);
  const auto taken = TakeFrame(input, 2);
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error() == FrameError::kPayloadTooLong);
  CHECK(input.size() == header.size());
}

TEST_CASE("a header is read up to the largest length", "[wire][frame]") {
  const Bytes bytes = {0x7e, 0xff, 0xff, 0xff, 0xff};
  const auto header = PeekHeader(bytes);
  REQUIRE(header);
  CHECK(static_cast<int>(header->type) == 0x7e);
  CHECK(header->length == 0xffffffffU);
  CHECK_FALSE(PeekHeader(ByteView(bytes).first(4)));
}

TEST_CASE("what is appended is taken again, one frame after the other", "[wire][frame]") {
  Bytes stream;
  AppendFrame(stream, FrameType::kHealth, AsBytes("hi"));
  AppendFrame(stream, static_cast<FrameType>(0x7e), {});
  ByteView input(stream);
  const auto first = TakeFrame(input, 16);
  REQUIRE((first && *first));
  CHECK((*first)->type == FrameType::kHealth);
  CHECK(AsText((*first)->payload) == "hi");
  const auto second = TakeFrame(input, 16);
  REQUIRE((second && *second));
  CHECK(static_cast<int>((*second)->type) == 0x7e);
  CHECK((*second)->payload.empty());
  CHECK(input.empty());
}

TEST_CASE("a stored header has the bytes of an appended one", "[wire][frame]") {
  Bytes appended;
  AppendHeader(appended, FrameType::kRecvPacket, 0x01020304);
  Bytes stored(kFrameHeaderSize);
  StoreHeader(stored.data(), FrameType::kRecvPacket, 0x01020304);
  CHECK(stored == appended);
}
