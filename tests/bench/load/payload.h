// What a test packet carries: a head that says which packet it is, and a keyed pattern in every
// byte behind it. The pattern follows from the key and all of the head, so a wrong byte anywhere, a
// cut packet or one of another flow shows. Never sent between machines of different byte order.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace derp::load {

struct PayloadHead {
  std::uint64_t sequence = 0;  // within its flow, from 0
  std::int64_t time = 0;       // steady clock, nanoseconds: when it was (to be) sent
  std::uint32_t flow = 0;
  std::uint32_t size = 0;  // of the whole payload
};
inline constexpr std::size_t kPayloadHeadSize = sizeof(PayloadHead);
// The head and one word of pattern, which tells whether the head is right.
inline constexpr std::size_t kLeastPayload = kPayloadHeadSize + 8;

// Fills all of `out`, which is of head.size bytes, at least kLeastPayload.
void FillPayload(ByteSpan out, std::uint64_t key, const PayloadHead& head);

// The head, not judged yet; empty when there is no room for one.
std::optional<PayloadHead> PeekPayload(ByteView payload);
// Whether `payload` is, byte for byte, what FillPayload made of `key` and this head.
bool PayloadIsIntact(ByteView payload, std::uint64_t key, const PayloadHead& head);

}  // namespace derp::load
