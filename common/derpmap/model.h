// A DERP map as values (derp-protocol.md 8; Go: tailcfg/derpmap.go). Reading is in json_reader.h
// and yaml_reader.h, judging in lint.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/socket_address.h"

namespace derp::derpmap {

using RegionId = std::int64_t;

struct Node {
  std::string name;  // unique over the map
  RegionId region_id = 0;
  std::string host_name;
  std::string cert_name;  // "", a name, or "sha256-raw:<hex>"
  std::string ipv4;       // "", a literal, or any other text: family off
  std::string ipv6;
  int stun_port = 0;  // 0 = 3478, -1 = off
  bool stun_only = false;
  int derp_port = 0;  // 0 = 443
  bool insecure_for_tests = false;
  std::string stun_test_ip;
  bool can_port80 = false;

  std::uint16_t EffectiveDerpPort() const;  // 0 (which no dial reaches): out of range
  std::optional<std::uint16_t> EffectiveStunPort() const;  // none: STUN is off, or out of range
  // What the map says of a family: a literal to dial, "ask DNS" (empty text) or "off".
  enum class FamilyUse { kLiteral, kResolve, kOff };
  FamilyUse Use(AddressFamily family) const;
  std::optional<IpAddress> Literal(AddressFamily family) const;
  // The Host header and error texts: host name, plus the port when it is not 443; IPv6 in brackets.
  std::string HostHeader() const;

  bool operator==(const Node&) const = default;
};

struct Region {
  RegionId id = 0;
  std::string code;
  std::string name;
  double latitude = 0;
  double longitude = 0;
  bool avoid = false;
  bool no_measure_no_home = false;
  std::vector<Node> nodes;  // in the map's order

  bool operator==(const Region&) const = default;
};

struct DerpMap {
  std::map<RegionId, Region> regions;
  std::vector<RegionId> null_regions;  // keys whose value was null: switched off
  bool omit_default_regions = false;
  std::map<RegionId, double> region_score;  // HomeParams.RegionScore

  std::size_t NodeCount() const;
  bool operator==(const DerpMap&) const = default;
};

}  // namespace derp::derpmap
