// The command line of derpprobe (derpprobe.md 1 and 12.1): the reference's flags under their names
// and defaults, and ours of section 12.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/cli/flags.h"
#include "common/crypto/keys.h"
#include "common/diagnosis/trust/crl_mode.h"

namespace derp::probe {

enum class Format { kText, kJson, kJsonLine, kProm, kNagios, kGo };
enum class FailOn { kError, kWarning };
using diagnosis::CrlMode;

// Alerts when `bad` of the last `rounds` rounds were bad.
struct AlertAfter {
  int bad = 3;
  int rounds = 5;
};

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
  Duration bw_interval{};                  // zero or less: off
  std::int64_t bw_probe_size = 1'000'000;  // bytes; zero or less: off
  std::string bw_tun_address;              // IPv4 of the TUN device, empty: direct
  std::int64_t qd_packets_per_second = 0;  // zero or less: off
  Duration qd_packet_timeout = std::chrono::seconds(5);
  std::vector<std::string> region_codes;  // commas are split; empty: all
  std::string mesh_psk_file;
  std::string secrets_url;
  std::string secrets_path_prefix = "prod/derp";
  std::string secrets_cache_file;  // the reference calls it a directory; empty: under $HOME

  // Ours.
  Format format = Format::kText;
  std::string output;  // a file, by rename; empty: stdout
  bool verbose = false;
  FailOn fail_on = FailOn::kError;
  std::string explain;  // a code, or "all"
  std::string lint;     // file, URL or "-": check the map and nothing else
  Duration timeout = std::chrono::seconds(25);
  std::vector<std::string> excluded_regions;  // commas are split
  std::string key_file;                       // the node key to probe with
  std::vector<std::string> mesh_key_regions;  // commas are split; empty: all of the one own source
  std::string udp_reference;                  // HOST:PORT
  CrlMode crl = CrlMode::kSoft;
  bool check_admission = false;
  Duration idle_check{};
  std::int64_t bw_min = 0;  // bits per second, 0: not judged
  Duration qd_max{};        // p99, 0: not judged
  Duration qd_once_duration = std::chrono::seconds(10);
  std::string state_dir;
  std::string alert_webhook;
  std::string alert_command;
  AlertAfter alert_after;
  std::vector<std::string> probe_allow;  // HOST:PORT
  std::string config;
  bool check_config = false;
  bool print_config = false;

  // Every flag's value and where it comes from: for -print-config, and to see what a reload
  // changes.
  std::vector<cli::FlagInForce> in_force;

  bool AsksBandwidth() const { return bw_interval > Duration::zero() && bw_probe_size > 0; }
  bool AsksQueue() const { return qd_packets_per_second > 0; }
};

inline constexpr std::string_view kMeshKeyVariable = "TAILSCALE_DERPER_MESH_KEY";
inline constexpr std::string_view kVendorMap = "https://login.tailscale.com/derpmap/default";

// Flag > environment > -config FILE > default. kExit with code 2 and a message also for values no
// flag type can refuse (an interval of the map below zero, an unknown format, a map source that
// cannot be one, a mesh key that would go to strangers) and for all that is wrong with the file.
cli::ParseResult ParseOptions(const std::vector<std::string>& args,
                              const std::map<std::string, std::string>& environment,
                              Options& options);

// derpprobe.md 1.1: with -dev from the environment, else from -secrets-url, else from
// -mesh-psk-file, else none. `patience`: how long a secrets server may keep us waiting when no
// cached value helps; each try is logged. Blocking.
struct MeshKeyChoice {
  std::optional<MeshKey> key;
  std::string log_line;  // says where it came from
};
Expected<MeshKeyChoice, Error> LoadMeshKey(const Options& options,
                                           const std::map<std::string, std::string>& environment,
                                           Duration patience = {});

// The key of -key-file (derper's format), none without the flag. Blocking.
Expected<std::optional<NodePrivate>, Error> LoadNodeKey(const Options& options);

// -print-config: a settings file that says the same, each line with the value's origin. Secrets and
// passwords are left out.
std::string ShownConfig(const Options& options,
                        const std::map<std::string, std::string>& environment);

// findings.md rule 10: whether the mesh key may be sent to this region's relays; by
// -mesh-key-regions when given, else everywhere with one own source.
bool MeshKeyMayGoTo(const Options& options, std::string_view region_code, std::int64_t region_id);

}  // namespace derp::probe
