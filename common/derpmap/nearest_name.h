// The known name that someone who wrote an unknown one probably meant.
#pragma once

#include <span>
#include <string_view>

namespace derp::derpmap {

// Empty when nothing comes near: at most a third of the letters differ, letter case aside.
std::string_view NearestName(std::string_view written, std::span<const std::string_view> known);

}  // namespace derp::derpmap
