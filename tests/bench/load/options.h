// What derpload is told to do. README.md beside this file says how to use it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "tests/bench/load/connection.h"

namespace derp::load {

enum class Shape { kPairs, kFanIn, kFanOut, kMesh };
std::string_view ShapeName(Shape shape);

struct Options {
  std::vector<Server> servers;  // one, or two for kMesh
  Shape shape = Shape::kPairs;
  std::size_t flows = 10;  // one source to one destination each; kPairs may go both ways
  std::size_t groups = 1;  // sinks of a fan-in, sources of a fan-out
  bool both_ways = false;
  std::vector<std::size_t> sizes;  // taken in turn
  std::size_t window = 16;         // closed loop: packets outstanding per flow
  double rate = 0;                 // open loop: packets per second in all; 0: closed loop
  Duration tick{};                 // open loop: the least time from one waking to the next
  Duration warm_up{};
  Duration duration{};
  Duration drain{};
  std::size_t threads = 1;
  std::size_t connect_parallel = 32;

  std::size_t slow_readers = 0;  // the destinations of the first flows
  double slow_rate = 0;          // bytes per second that each of them reads
  double slow_packets = 0;       // closed loop: packets per second to each of them

  double storm_rate = 0;           // new clients per second
  std::size_t storm_parallel = 0;  // or: so many logging in at any time
  bool storm_yields = false;       // they take only the time that nobody else wants
  std::size_t loris = 0;           // connections that say one byte at a time
  Duration loris_every{};

  std::size_t idle = 0;  // so many idle clients instead of traffic
  Duration settle{};     // from the last login to the measurement

  std::vector<int> server_pids;
  std::string json;
  std::string label;
};

struct Leave {
  int code = 0;
  std::string stdout_text;
  std::string stderr_text;
};
// The options, and every flag as given for the record.
struct Parsed {
  Options options;
  std::map<std::string, std::string> flags;
};
Expected<Parsed, Leave> ParseOptions(const std::string& program,
                                     const std::vector<std::string>& args);

}  // namespace derp::load
