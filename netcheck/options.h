// netcheck's command line (netcheck.md 1.1 and 1.3).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/cli/flags.h"
#include "common/derpmap/source.h"

namespace derp::netcheck {

enum class Format { kText, kJson, kJsonLine };

struct Options {
  Format format = Format::kText;
  Duration every{};  // zero: one report
  bool verbose = false;
  bool version = false;
  std::string bind;  // ":0", "192.0.2.5:456", "[2001:db8::5]:0"
  derpmap::MapSource map_source;
  std::string socket;  // tailscaled's
};

struct OptionsResult {
  Options options;
  cli::ParseResult parsed;
};

// Exit 2 for what is no flag or no value, 1 for an address or port that cannot be bound to, as the
// reference.
OptionsResult ParseOptions(const std::vector<std::string>& args,
                           const std::map<std::string, std::string>& environment);

// What to bind the probe sockets to: the flags that were given (even when empty or zero), else the
// environment's TS_DEBUG_NETCHECK_UDP_BIND as it is, else any port.
struct BindWish {
  std::optional<std::string> address;
  std::optional<std::int64_t> port;
  std::string environment;
};
Expected<std::string, Error> BindText(const BindWish& wish);

}  // namespace derp::netcheck
