// Receiving and sending on a connected socket, bounded by a deadline. For the .cc files of this
// folder only. The descriptor may be blocking or not; these calls never wait beyond the deadline.
#pragma once

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace derp::net {

// At least one byte, unless `out` is empty. kTimeout: nothing came; kClosed: the peer's end.
Expected<std::size_t, Error> ReceiveSome(int fd, ByteSpan out, TimePoint deadline);

// Everything; after a failure part of it may have gone out. With kMoreFollows the kernel keeps what
// does not fill a packet until more is sent, at most 200 ms.
enum class AfterSend { kNothing, kMoreFollows };
Expected<void, Error> SendAll(int fd, ByteView bytes, TimePoint deadline,
                              AfterSend after = AfterSend::kNothing);

// How much goes out without waiting; an error shows at the next call.
std::size_t SendWithoutWaiting(int fd, ByteView bytes);

}  // namespace derp::net
