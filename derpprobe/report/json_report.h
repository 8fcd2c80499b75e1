// The reports for programs: one document per run, one line per node, and what the service knows at
// this moment (docs/schemas). All three are made of the same objects. Pure: values in, text out.
// Units are in the members' names; what was not measured is null, with outcome and reason beside
// it; the order is the map's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/diagnosis/report.h"
#include "derpprobe/history/past.h"

namespace derp::probe {

// One source of the map.
struct ReportedSource {
  std::string url;                  // fit to be shown: without secrets
  std::optional<WallTime> fetched;  // the last good time
  std::string failure;              // of the last try, empty when it was good
};

// What stands beside the judged round.
struct ReportFacts {
  WallTime time;                 // of the document
  std::optional<Duration> took;  // of the whole run; the service has none
  std::optional<int> exit;       // likewise
  std::string vantage;           // the name of the machine that looks
  std::vector<ReportedSource> sources;
  std::size_t map_regions = 0;
  std::size_t map_nodes = 0;
};

struct FindingHistory {
  WallTime since;
  std::uint64_t rounds = 1;
};

struct ReportedTransition {
  WallTime at;
  std::string place;  // "fra" or "fra/5b"
  std::string text;
  diagnosis::Verdict state = diagnosis::Verdict::kUnknown;
};

// What the service alone knows. An empty function knows nothing; pointers live until the call ends.
struct ServiceFacts {
  std::size_t nodes_done = 0;           // with at least one result
  std::optional<WallTime> last_result;  // end of the newest walk
  Duration interval{};
  std::function<std::optional<FindingHistory>(const diagnosis::Finding&)> history;
  std::function<const Past*(const diagnosis::NodeReport&)> node_past;
  std::function<const Past*(const diagnosis::RegionReport&)> region_past;
  std::vector<ReportedTransition> transitions;  // newest first
};

// derpprobe.once/1, indented by two.
std::string OnceJson(const diagnosis::RunReport& report, const ReportFacts& facts);

// A derpprobe.node/1 for each node with its findings, then one derpprobe.run/1 with the rest.
std::string OnceJsonLines(const diagnosis::RunReport& report, const ReportFacts& facts);

// derpprobe.status/1: the same objects with ages, availability and transitions.
std::string StatusJson(const diagnosis::RunReport& report, const ReportFacts& facts,
                       const ServiceFacts& service);

}  // namespace derp::probe
