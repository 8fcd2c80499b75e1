// Whose history it is: a node, or a region as a whole.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace derp::probe {

inline constexpr std::int64_t kProberRegion = -1;  // stands for the prober; no map has it

struct PlaceKey {
  std::int64_t region_id = 0;
  std::string node;  // empty: the region

  auto operator<=>(const PlaceKey&) const = default;
};

}  // namespace derp::probe
