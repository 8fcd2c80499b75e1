// SHA-1, for the one place where a protocol demands it: the handshake of WebSocket, which uses it
// as a check against mix-ups, not for security.
#pragma once

#include <array>

#include "common/base/bytes.h"

namespace derp::net {

std::array<std::uint8_t, 20> Sha1(ByteView bytes);

}  // namespace derp::net
