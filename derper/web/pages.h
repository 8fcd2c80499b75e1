// The relay's HTML pages as pure functions (derper.md 2.5.1, 2.9), in the look they share with
// derpprobe's.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace derp::relay {

inline constexpr const char* kStylePath = "/style.css";

struct HomePageFacts {
  std::string hostname{};
  std::string version{};
  bool derp = true;
  bool may_debug = false;
};

// Tells people who arrive here what this machine does. For a relay named as Tailscale's are, also
// whom to write to about abuse.
std::string HomePage(const HomePageFacts& facts);

struct DebugPageFacts {
  std::vector<std::pair<std::string, std::string>> items;  // name and value
  std::vector<std::pair<std::string, std::string>> links;  // href and what it shows
};
std::string DebugPage(const DebugPageFacts& facts);

// "derp1.tailscale.com", "derp.tailscale.com." and the like.
bool IsTailscaleRelayName(std::string_view hostname);

}  // namespace derp::relay
