// Text made safe for HTML, in elements and in quoted attributes.
#pragma once

#include <string>
#include <string_view>

namespace derp::http {

std::string EscapeHtml(std::string_view text);

}  // namespace derp::http
