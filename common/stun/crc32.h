// CRC-32 of IEEE 802.3, which STUN's FINGERPRINT uses (RFC 8489 14.7).
#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace derp::stun {

std::uint32_t Crc32(ByteView bytes);

}  // namespace derp::stun
