// What is known of the machine that looks, beside its walks (findings.md 3, prober).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace derp::diagnosis {

// One STUN exchange with a server that is no relay (-udp-reference).
struct UdpReference {
  std::string name;  // HOST:PORT as given
  bool answered = false;
  std::string outcome;  // "no answer to 5 requests in 3 s", "lookup …: no such host"
};

struct ProberState {
  std::string proxy{};  // what the map is fetched through, without password; empty: nothing
  std::uint64_t descriptors = 0;                // how many may be open at once; 0: not known
  std::uint64_t descriptors_wanted = 0;         // by DescriptorsFor() of the map
  std::optional<UdpReference> udp_reference{};  // when one was asked
};

// How many descriptors the walks of so many nodes can have open at once.
constexpr std::uint64_t DescriptorsFor(std::size_t nodes) {
  constexpr std::uint64_t kOwn = 200;    // listeners, the site's clients, files, second keys
  constexpr std::uint64_t kPerNode = 5;  // TCP and UDP of two families, port 80
  return kOwn + kPerNode * nodes;
}

// All but the UDP reference. `sources` are those of the map.
ProberState LookAtProber(const std::vector<std::string>& sources,
                         const std::map<std::string, std::string>& environment, std::size_t nodes);

}  // namespace derp::diagnosis
