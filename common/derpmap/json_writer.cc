#include "common/derpmap/json_writer.h"

#include <nlohmann/json.hpp>

namespace derp::derpmap {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Node& node) {
  Json json = {{"Name", node.name}, {"RegionID", node.region_id}, {"HostName", node.host_name}};
  if (!node.cert_name.empty()) json["CertName"] = node.cert_name;
  if (!node.ipv4.empty()) json["IPv4"] = node.ipv4;
  if (!node.ipv6.empty()) json["IPv6"] = node.ipv6;
  if (node.stun_port != 0) json["STUNPort"] = node.stun_port;
  if (node.stun_only) json["STUNOnly"] = true;
  if (node.derp_port != 0) json["DERPPort"] = node.derp_port;
  if (node.insecure_for_tests) json["InsecureForTests"] = true;
  if (!node.stun_test_ip.empty()) json["STUNTestIP"] = node.stun_test_ip;
  if (node.can_port80) json["CanPort80"] = true;
  return json;
}

Json ToJson(const Region& region) {
  Json json = {{"RegionID", region.id}, {"RegionCode", region.code}, {"RegionName", region.name}};
  if (region.latitude != 0) json["Latitude"] = region.latitude;
  if (region.longitude != 0) json["Longitude"] = region.longitude;
  if (region.avoid) json["Avoid"] = true;
  if (region.no_measure_no_home) json["NoMeasureNoHome"] = true;
  json["Nodes"] = Json::array();
  for (const Node& node : region.nodes) json["Nodes"].push_back(ToJson(node));
  return json;
}

// A map whose keys come out sorted as text: "10" before "2".
template <typename Value>
Json Sorted(std::map<std::string, Value> members) {
  Json json = Json::object();
  for (auto& [key, value] : members) json[key] = std::move(value);
  return json;
}

// The characters stand only within strings of a JSON text.
std::string EscapeAsGo(const std::string& text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      escaped += "\\u003c";
    else if (c == '>')
      escaped += "\\u003e";
    else if (c == '&')
      escaped += "\\u0026";
    else
      escaped += c;
  }
  return escaped;
}

std::string Dump(const Json& json, int indent) {
  return EscapeAsGo(json.dump(indent, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string WriteJson(const DerpMap& map, unsigned indent) {
  Json json = Json::object();
  if (!map.region_score.empty()) {
    std::map<std::string, Json> scores;
    for (const auto& [id, score] : map.region_score) scores[std::to_string(id)] = score;
    json["HomeParams"]["RegionScore"] = Sorted(std::move(scores));
  }
  std::map<std::string, Json> regions;
  for (const auto& [id, region] : map.regions) regions[std::to_string(id)] = ToJson(region);
  for (const RegionId id : map.null_regions) regions[std::to_string(id)] = nullptr;
  json["Regions"] = Sorted(std::move(regions));
  if (map.omit_default_regions) json["omitDefaultRegions"] = true;
  return Dump(json, indent == 0 ? -1 : static_cast<int>(indent));
}

std::string WriteJson(const Node& node) { return Dump(ToJson(node), -1); }

}  // namespace derp::derpmap
