// The relay's HTML pages as pure functions (derper.md 2.5.1, 2.9), in the look they share with
// derpprobe's.
#pragma once

#include <string>
#include <string_view>
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

struct PageLink {
  std::string href;
  std::string name;
  std::string text;
};
// Links with what is behind them.
std::string LinkList(const std::vector<PageLink>& links);

// A whole document around `body`.
std::string Page(std::string_view title, std::string_view body);
// A term and its description, both made safe.
std::string Definition(std::string_view name, std::string_view value);

// "derp1.tailscale.com", "derp.tailscale.com." and the like.
bool IsTailscaleRelayName(std::string_view hostname);

}  // namespace derp::relay
