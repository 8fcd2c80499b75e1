// Figures from the texts under /proc, as pure functions over their content. Private to
// common/metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace derp::metrics {

// /proc/self/stat, in clock ticks, pages and bytes as the kernel writes them.
struct ProcessStat {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t start_ticks = 0;  // after boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
std::optional<ProcessStat> ParseProcessStat(std::string_view text);

// "btime" of /proc/stat: the Unix time of the machine's start.
std::optional<std::uint64_t> ParseBootTime(std::string_view text);

// IpExt InOctets and OutOctets of /proc/self/net/netstat: all traffic of the network namespace.
struct NetworkOctets {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};
std::optional<NetworkOctets> ParseNetworkOctets(std::string_view text);

}  // namespace derp::metrics
