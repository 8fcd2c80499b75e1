// Where tailscaled listens on this machine when nobody says (derper.md 5.1).
#pragma once

#include <string>

namespace derp::admission {

// Looks at the files below `root` ("/" but for tests); `dsm_major` is SYNOPKG_DSM_VERSION_MAJOR.
std::string DefaultTailscaledSocket(const std::string& root, const std::string& dsm_major);

}  // namespace derp::admission
