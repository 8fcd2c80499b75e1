// Names a connection for other threads: never a pointer. A slot is used again; the generation tells
// whether it still holds the connection that was meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace derp::relay {

struct ConnectionRef {
  std::uint16_t worker = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  auto operator<=>(const ConnectionRef&) const = default;
};

// Nobody outside chooses these numbers, so mixing is all that is needed.
struct ConnectionRefHash {
  std::size_t operator()(const ConnectionRef& ref) const {
    const std::uint64_t mixed =
        (std::uint64_t{ref.generation} << 32 | ref.slot) ^ std::uint64_t{ref.worker} << 56;
    return static_cast<std::size_t>(mixed * 0x9e3779b97f4a7c15U);
  }
};

}  // namespace derp::relay
