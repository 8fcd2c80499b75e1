// One measurement of a STUN server: requests from several clients, as many as it goes (flood) or at
// a rate, and what the server and its answers cost meanwhile.
#pragma once

#include <cstdint>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "tests/bench/load/figures.h"
#include "tests/bench/load/histogram.h"
#include "tests/bench/stun/client.h"

namespace derp::stunload {

struct LoadOptions {
  SocketAddress server;
  std::size_t clients = 64;
  double rate = 0;         // requests per second in all, evenly spaced; 0: flood
  std::size_t burst = 16;  // flood: requests of one client in a system call
  bool segmented = true;   // flood: see Client::Send
  Duration warm_up{};
  Duration duration{};
  int server_pid = 0;
};

struct LoadFigures {
  Counts whole;                // from the first request to the end
  Counts measured;             // in the time of measurement, by the time of sending and of arrival
  load::Histogram round_trip;  // at a rate only
  load::Histogram lateness;    // at a rate only: how late this program itself sent
  load::ServerFigures server;  // its CPU in the time of measurement
};

Expected<LoadFigures, Error> RunLoad(const LoadOptions& options);

}  // namespace derp::stunload
