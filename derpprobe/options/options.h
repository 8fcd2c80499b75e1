// The command line of derpprobe (derpprobe.md 1 and 12.1): the reference's flags under their names
// and defaults, and ours of section 12 as far as they are built.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/cli/flags.h"
#include "common/crypto/keys.h"

namespace derp::probe {

enum class Format { kText, kGo };

struct Options {
  // The reference's.
  bool dev = false;
  std::vector<std::string> derp_map;  // never empty after parsing
  bool version = false;
  std::string listen = ":8030";
  bool once = false;
  bool spread = true;
  bool spread_given = false;  // -once spreads only then
  Duration interval = std::chrono::seconds(15);
  Duration mesh_interval = std::chrono::seconds(15);
  Duration stun_interval = std::chrono::seconds(15);
  Duration tls_interval = std::chrono::seconds(15);
  std::vector<std::string> region_codes;  // commas are split; empty: all
  std::string mesh_psk_file;

  // Ours.
  Format format = Format::kText;
  bool verbose = false;
  std::string explain;  // a code, or "all"
  Duration timeout = std::chrono::seconds(25);
};

inline constexpr std::string_view kMeshKeyVariable = "TAILSCALE_DERPER_MESH_KEY";
inline constexpr std::string_view kVendorMap = "https://login.tailscale.com/derpmap/default";

// kExit with code 2 and a message also for values no flag type can refuse: an interval of the map
// below zero, an unknown format, classes this version does not have (bandwidth, queuing delay).
cli::ParseResult ParseOptions(const std::vector<std::string>& args,
                              const std::map<std::string, std::string>& environment,
                              Options& options);

// derpprobe.md 1.1: with -dev from the environment, else from -mesh-psk-file, else none.
struct MeshKeyChoice {
  std::optional<MeshKey> key;
  std::string log_line;  // says where it came from
};
Expected<MeshKeyChoice, Error> LoadMeshKey(const Options& options,
                                           const std::map<std::string, std::string>& environment);

// findings.md rule 10: the mesh key goes only to regions of the map's one own source. False for the
// vendor's map and for several sources: with a key that is a usage error.
bool MeshKeyMayGoToMap(const Options& options);

}  // namespace derp::probe
