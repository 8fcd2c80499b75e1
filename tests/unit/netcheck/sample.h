// A report and a map for the tests of the writers: the sample of netcheck.json.
#pragma once

#include "common/derpmap/model.h"
#include "netcheck/measure/report.h"

namespace derp::netcheck::test {

inline SocketAddress At(std::string_view text) { return *SocketAddress::Parse(text); }

inline Report SampleReport() {
  Report report;
  report.now = WallTime(Duration(1780348352252620138));
  report.udp = true;
  report.ipv4 = true;
  report.ipv4_can_send = true;
  report.os_has_ipv6 = true;
  report.mapping_varies_by_dest_ip = false;
  report.upnp = false;
  report.pmp = true;
  report.pcp = false;
  report.preferred_derp = 900;
  report.region_latency = {
      {10, Duration(265000000)}, {2, Duration(96600000)}, {900, Duration(8512345)}};
  report.region_v4_latency = report.region_latency;
  report.global_v4_counters = {{At("203.0.113.7:50713"), 3}};
  report.global_v4 = At("203.0.113.7:50713");
  return report;
}

inline void AddRegion(derpmap::DerpMap& map, RegionId id, std::string code, std::string name) {
  derpmap::Region& region = map.regions[id];
  region.id = id;
  region.code = std::move(code);
  region.name = std::move(name);
}

inline derpmap::DerpMap SampleMap() {
  derpmap::DerpMap map;
  AddRegion(map, 2, "tok", "Tokyo");
  AddRegion(map, 3, "sin", "Singapore");
  AddRegion(map, 10, "ams", "Amsterdam");
  AddRegion(map, 900, "gz", "Tencent Guangzhou");
  return map;
}

}  // namespace derp::netcheck::test
