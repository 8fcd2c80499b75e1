#include "tests/bench/load/payload.h"

#include <cstring>

#include "common/base/mix.h"

namespace derp::load {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;  // odd: words repeat after 2^64 only

static_assert(sizeof(PayloadHead) == 24, "the head has no holes");

std::uint64_t FirstWord(std::uint64_t key, const PayloadHead& head) {
  const std::uint64_t place = (std::uint64_t{head.flow} << 32) | head.size;
  const std::uint64_t moment =
      MixBits(head.sequence + kStep) + static_cast<std::uint64_t>(head.time);
  return MixBits(key ^ MixBits(moment) ^ MixBits(place + kStep));
}

}  // namespace

void FillPayload(ByteSpan out, std::uint64_t key, const PayloadHead& head) {
  std::memcpy(out.data(), &head, kPayloadHeadSize);
  std::uint8_t* at = out.data() + kPayloadHeadSize;
  const std::size_t size = out.size() - kPayloadHeadSize;
  const std::uint64_t first = FirstWord(key, head);
  const std::size_t words = size / kWord;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t word = first + i * kStep;
    std::memcpy(at + i * kWord, &word, kWord);
  }
  const std::uint64_t last = first + words * kStep;
  std::memcpy(at + words * kWord, &last, size % kWord);
}

std::optional<PayloadHead> PeekPayload(ByteView payload) {
  if (payload.size() < kLeastPayload) return std::nullopt;
  PayloadHead head;
  std::memcpy(&head, payload.data(), kPayloadHeadSize);
  return head;
}

bool PayloadIsIntact(ByteView payload, std::uint64_t key, const PayloadHead& head) {
  if (payload.size() < kLeastPayload || payload.size() != head.size) return false;
  const std::uint8_t* at = payload.data() + kPayloadHeadSize;
  const std::size_t size = payload.size() - kPayloadHeadSize;
  const std::uint64_t first = FirstWord(key, head);
  const std::size_t words = size / kWord;
  std::uint64_t differing = 0;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, at + i * kWord, kWord);
    differing |= word ^ (first + i * kStep);
  }
  const std::uint64_t last = first + words * kStep;
  return differing == 0 && std::memcmp(at + words * kWord, &last, size % kWord) == 0;
}

}  // namespace derp::load
