// The look that the pages of derpprobe and derper share (design: status page). Works without
// scripts, in light and dark, from 320 px on; contrast at least 5.9:1, state by shape and word
// first.
#pragma once

#include <string_view>

namespace derp::http {

// The content of a <style> element.
std::string_view PageStyle();

}  // namespace derp::http
