// How many threads a relay may have.
#pragma once

namespace derp::relay {

// A worker's number has 16 bits, and mailboxes are kept for every pair.
inline constexpr unsigned kMaxWorkers = 64;

}  // namespace derp::relay
