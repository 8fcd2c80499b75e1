// What a round measured (NodeReport, MeshReport) and what was concluded from it (RunReport).
// Values only: walks fill the first two, judgement.h makes the third.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/diagnosis/finding.h"

namespace derp::diagnosis {

// Where one family of a node was looked for.
struct FamilyTarget {
  AddressFamily family = AddressFamily::kIpv4;
  std::optional<SocketAddress> derp;  // the address that was (or would be) connected to
  std::optional<SocketAddress> stun;  // none: STUN off
  std::optional<Duration> tcp_rtt;
  std::optional<Duration> stun_rtt;          // median
  std::optional<Duration> stun_first;        // send to answer of the first request answered
  std::optional<SocketAddress> stun_mapped;  // how the relay sees the prober
  int stun_sent = 0;                         // requests, and the times of those answered
  std::vector<Duration> stun_rtts{};
};

// One walk of one node. After Judge() the findings of all families are merged and the verdict is
// set; before that there is one finding per family and fault.
struct NodeReport {
  std::string region;
  std::int64_t region_id = 0;
  std::string region_name;
  std::string node;
  std::string host;  // HostName
  std::uint16_t derp_port = 0;
  bool stun_only = false;
  bool single_in_region = false;
  std::vector<FamilyTarget> targets;
  std::vector<StageResult> stages;
  std::vector<Finding> findings;

  std::optional<AddressFamily> relay_family;  // over which relay and mesh run
  std::optional<Duration> relay_rtt;          // median
  std::optional<Duration> relay_first;        // send to arrival of the first packet
  int relay_sent = 0;                         // packets after the first, and those that arrived
  int relay_received = 0;
  std::optional<unsigned> meta_version;  // of the relay's meta certificate
  std::optional<std::int64_t> cert_days_left;
  std::optional<WallTime> cert_not_after;
  std::string server_key;                // "nodekey:…" of the greeting
  std::optional<Duration> clock_offset;  // the relay's Date header minus the prober's clock
  Duration took{};
  Verdict verdict = Verdict::kUnknown;

  const FamilyTarget* Target(AddressFamily family) const;
  const StageResult* Find(Stage stage, std::optional<AddressFamily> family) const;
  // Over all families, the outcome a reader must know: fail, warn, ok, not reached, skipped; empty
  // when the stage has no result.
  std::optional<Outcome> Worst(Stage stage) const;
  // The shortest STUN round trip of the families.
  std::optional<Duration> StunRtt() const;
};

// One ordered pair of nodes of a region. It works when `first` is set; then `sent` and `received`
// count the packets after the first that arrived, else the vain tries.
struct MeshDirection {
  std::string from;
  std::string to;
  int sent = 0;
  int received = 0;
  Duration waited{};              // how long was tried
  std::optional<Duration> first;  // from the first send to the first arrival
  std::optional<Duration> rtt;    // median of send to arrival
  bool late = false;              // the first arrived more than 2 s after both logins
  // Judge() sets these.
  Outcome outcome = Outcome::kOk;
  std::string code;
};

// How a relay ended a connection (connection_end.h).
struct ConnectionEnd {
  std::string how;          // for a fact; printable
  bool restarting = false;  // it had sent Restarting
};

struct MeshReport {
  std::string region;
  std::int64_t region_id = 0;
  std::vector<MeshDirection> directions;  // between nodes that both logged in
  // Nodes whose connection ended in mid exchange (relay.closed).
  struct Closed {
    std::string node;
    ConnectionEnd end;
    Duration after{};
  };
  std::vector<Closed> closed;

  const MeshDirection* Find(std::string_view from, std::string_view to) const;
  bool Works(std::string_view from, std::string_view to) const;
};

// One ordered pair of a region's nodes (from may be to) while a stream of bytes went through it:
// stage bandwidth.
struct TransferReport {
  std::string region;
  std::int64_t region_id = 0;
  std::string from;
  std::string to;
  bool over_tun = false;
  std::int64_t size = 0;      // bytes asked for
  std::int64_t received = 0;  // bytes that arrived
  Duration transfer{};        // of the stream alone, set-up excluded
  Duration took{};            // with set-up: the reference's latency
  std::string error;          // empty: all arrived
  std::optional<double> bits_per_second;
  std::string skipped;  // why the prober could not even try; then nothing was measured
  // Judge() sets these; with `skipped` a code of the prober's own may be there before.
  Outcome outcome = Outcome::kOk;
  std::string code;
};

// One ordered pair under steady small packets: stage queue.
struct QueueReport {
  std::string region;
  std::int64_t region_id = 0;
  std::string from;
  std::string to;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  Duration took{};
  std::optional<Duration> p50;
  std::optional<Duration> p99;
  std::optional<Duration> most;
  std::string error;    // why the packets ended before their time, else empty
  std::string skipped;  // why the prober could not even try; then nothing was measured
  // Judge() sets these.
  Outcome outcome = Outcome::kOk;
  std::string code;
};

struct RegionReport {
  std::string region;
  std::int64_t region_id = 0;
  std::string name;
  Verdict verdict = Verdict::kUnknown;
};

struct Counts {
  int usable = 0;
  int impaired = 0;
  int unusable = 0;
  int unknown = 0;
  int errors = 0;
  int warnings = 0;
  int infos = 0;
  int mesh_working = 0;
  int mesh_directions = 0;

  int nodes() const { return usable + impaired + unusable + unknown; }
};

// A judged round. Nodes and regions in the map's order, findings with errors first.
struct RunReport {
  std::vector<RegionReport> regions;
  std::vector<NodeReport> nodes;
  std::vector<MeshReport> meshes;
  std::vector<TransferReport> transfers;
  std::vector<QueueReport> queues;
  std::vector<Finding> findings;  // those of nodes included
  Counts counts;
  int exit_status = 0;  // findings.md 4: 0 no error and every node judged, else 1
};

// The worst of verdicts for sorting: unusable, unknown, impaired, usable.
int Badness(Verdict verdict);

}  // namespace derp::diagnosis
