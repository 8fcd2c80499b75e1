#include "tests/bench/load/payload.h"

#include <catch2/catch.hpp>

namespace derp::load {
namespace {

constexpr std::uint64_t kKey = 0x0123456789abcdef;

PayloadHead HeadOf(std::size_t size) {
  return {.sequence = 77,
          .time = 1'234'567'890'123,
          .flow = 5,
          .size = static_cast<std::uint32_t>(size)};
}

Bytes Filled(std::size_t size, std::uint64_t key = kKey) {
  Bytes payload(size);
  FillPayload(payload, key, HeadOf(size));
  return payload;
}

bool Intact(ByteView payload, std::uint64_t key = kKey) {
  const auto head = PeekPayload(payload);
  return head && PayloadIsIntact(payload, key, *head);
}

TEST_CASE("a payload comes back with its head", "[load][payload]") {
  const auto size = GENERATE(std::size_t{32}, 33, 40, 100, 600, 1399, 1400, 16384);
  CAPTURE(size);
  const Bytes payload = Filled(size);
  const auto head = PeekPayload(payload);
  REQUIRE(head);
  CHECK(head->sequence == 77);
  CHECK(head->time == 1'234'567'890'123);
  CHECK(head->flow == 5);
  CHECK(head->size == size);
  CHECK(PayloadIsIntact(payload, kKey, *head));
}

TEST_CASE("any one wrong bit shows, wherever it is", "[load][payload]") {
  const auto size = GENERATE(std::size_t{32}, 40, 61, 103);
  CAPTURE(size);
  Bytes payload = Filled(size);
  for (std::size_t bit = 0; bit < size * 8; ++bit) {
    CAPTURE(bit);
    const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
    payload[bit / 8] ^= mask;
    CHECK_FALSE(Intact(payload));
    payload[bit / 8] ^= mask;
  }
  CHECK(Intact(payload));
}

TEST_CASE("a cut or stretched payload shows", "[load][payload]") {
  Bytes payload = Filled(100);
  CHECK_FALSE(Intact(ByteView(payload).first(99)));
  CHECK_FALSE(Intact(ByteView(payload).first(40)));
  payload.push_back(0);
  CHECK_FALSE(Intact(payload));
}

TEST_CASE("too little for a head and a word of pattern is no payload", "[load][payload]") {
  const Bytes payload = Filled(kLeastPayload);
  CHECK(PeekPayload(payload));
  CHECK_FALSE(PeekPayload(ByteView(payload).first(kLeastPayload - 1)));
  CHECK_FALSE(PeekPayload({}));
}

TEST_CASE("another flow's key does not fit", "[load][payload]") {
  CHECK_FALSE(Intact(Filled(64, kKey + 1)));
}

TEST_CASE("swapped words show", "[load][payload]") {
  Bytes payload = Filled(64);
  for (std::size_t i = 0; i < 8; ++i) std::swap(payload[32 + i], payload[40 + i]);
  CHECK_FALSE(Intact(payload));
}

TEST_CASE("the halves of two packets do not make one", "[load][payload]") {
  Bytes payload = Filled(64);
  Bytes next(64);
  PayloadHead head = HeadOf(64);
  ++head.sequence;
  FillPayload(next, kKey, head);
  std::copy(next.begin() + 32, next.end(), payload.begin() + 32);
  CHECK_FALSE(Intact(payload));
}

}  // namespace
}  // namespace derp::load
