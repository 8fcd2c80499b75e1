#include "common/derpmap/lint.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "common/derpmap/reader.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::derpmap;

namespace {

std::vector<Note> LintText(const std::string& text) {
  const auto document = Read(text);
  REQUIRE(document.has_value());
  return Lint(*document);
}

std::vector<Note> LintFile(const std::string& name) {
  return LintText(test::ReadData("maps/" + name));
}

// A map of one region 900 "own" with the given nodes; "OWN" stands for their common members.
std::vector<Note> LintNodes(const std::string& nodes) {
  return LintText(R"({"Regions": {"900": {"RegionID": 900, "RegionCode": "own", "Nodes": [)" +
                  nodes + "]}}}");
}

std::string OneNode(const std::string& members) {
  return R"({"Name": "a", "RegionID": 900, "HostName": "derp.example.org", "IPv4": "192.0.2.1")" +
         members + "}";
}

std::vector<Note> WithCode(const std::vector<Note>& notes, std::string_view code) {
  std::vector<Note> found;
  for (const Note& note : notes)
    if (note.code == code) found.push_back(note);
  return found;
}

std::vector<std::string> Codes(const std::vector<Note>& notes) {
  std::vector<std::string> codes;
  for (const Note& note : notes) codes.push_back(note.code);
  return codes;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a host name that is none says what is wrong with it", "[derpmap][lint]") {
  const auto bad = WithCode(LintFile("url_hostname.json"), "map.bad_hostname");
  REQUIRE(bad.size() == 5);
  CHECK(bad[0].node == "900a");
  CHECK(bad[0].region == "own");
  CHECK(bad[0].fact ==
        "HostName \"https://derp.example.org\" is a URL, only its host belongs here");
  CHECK(bad[1].fact.find("contains a port") != std::string::npos);
  CHECK(bad[2].fact.find("contains blanks") != std::string::npos);
  CHECK(bad[3].fact == "HostName \"\" is empty");
  CHECK(bad[4].fact.find("has brackets") != std::string::npos);
  CHECK(EndsWalk(bad[0].code));
}

TEST_CASE("an upper-case pin and a broken one are told apart", "[derpmap][lint]") {
  const auto notes = LintFile("uppercase_pin.json");
  const auto upper = WithCode(notes, "map.pin_uppercase");
  REQUIRE(upper.size() == 1);
  CHECK(std::get<std::string>(upper[0].data.at("pin_expected")) ==
        "sha256-raw:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  CHECK(upper[0].fact.find("0123456789abcdef") != std::string::npos);
  const auto broken = WithCode(notes, "map.bad_pin");
  REQUIRE(broken.size() == 1);
  CHECK(broken[0].node == "900b");
  const std::string prefix = R"(, "CertName": "SHA256-RAW:)" + std::string(64, 'a') + "\"";
  CHECK(WithCode(LintNodes(OneNode(prefix)), "map.pin_uppercase").size() == 1);
}

TEST_CASE("a node name used twice is one finding on the first, over all regions",
          "[derpmap][lint]") {
  const auto notes = LintFile("duplicate_names.json");
  const auto names = WithCode(notes, "map.duplicate_node");
  REQUIRE(names.size() == 1);
  CHECK(names[0].region == "a");
  CHECK(names[0].node == "1");
  CHECK(names[0].peers == Words{"1", "b/1"});
  CHECK(names[0].fact == "3 nodes are named \"1\", in regions a, b");
  const auto endpoints = WithCode(notes, "map.duplicate_endpoint");
  REQUIRE(endpoints.size() == 1);
  CHECK(endpoints[0].region == "b");
  CHECK(endpoints[0].peers == Words{"2"});
}

TEST_CASE("null regions are named and nothing else is said of them", "[derpmap][lint]") {
  const auto notes = LintFile("null_region.json");
  CHECK(Codes(notes) ==
        Words{"map.single_region", "map.null_region", "map.null_region", "map.no_literal_address"});
  CHECK(notes[1].region_id == 1);
  CHECK(notes[1].region == "1");
}

TEST_CASE("ids, empty regions and foreign ranges", "[derpmap][lint]") {
  const auto notes = LintFile("wrong_ids.json");
  CHECK(WithCode(notes, "map.region_id_mismatch").size() == 2);
  CHECK(WithCode(notes, "map.node_region_mismatch").size() == 2);
  REQUIRE(WithCode(notes, "map.no_nodes").size() == 1);
  CHECK(WithCode(notes, "map.no_nodes")[0].region == "c");
  const auto foreign = LintText(
      R"({"Regions": {"7": {"RegionID": 7, "Avoid": true, "Nodes": [{"Name": "a", "RegionID": 7, "HostName": "192.0.2.1"}]}}})");
  CHECK(Codes(foreign) == Words{"map.single_region", "map.avoid", "map.custom_id_range"});
  const auto vendors = LintText(
      R"({"Regions": {"7": {"RegionID": 7, "Nodes": [{"Name": "a", "RegionID": 7, "HostName": "derp7.tailscale.com", "IPv4": "192.0.2.1"}]}}})");
  CHECK(Codes(vendors) == Words{"map.single_region"});
}

TEST_CASE("an empty map is one finding", "[derpmap][lint]") {
  CHECK(Codes(LintText("{}")) == Words{"map.empty"});
  CHECK(Codes(LintText(R"({"Regions": {"900": {"RegionID": 900}, "901": {"RegionID": 901}}})")) ==
        Words{"map.empty"});
}

TEST_CASE("addresses are none, empty or literals of their family", "[derpmap][lint]") {
  CHECK(Codes(LintNodes(OneNode(R"(, "IPv6": "none")"))) == Words{"map.single_region"});
  CHECK(Codes(LintNodes(OneNode(R"(, "IPv6": "2001:db8::1")"))) == Words{"map.single_region"});
  const auto bad = WithCode(LintNodes(OneNode(R"(, "IPv6": "192.0.2.7")")), "map.bad_address");
  REQUIRE(bad.size() == 1);
  CHECK(bad[0].fact == "IPv6 is \"192.0.2.7\": neither empty, none, nor an IPv6 address");
}

TEST_CASE("ports have ranges, and -1 only switches STUN off", "[derpmap][lint]") {
  const auto Ports = [](const std::string& members) {
    return WithCode(LintNodes(OneNode(members)), "map.bad_port").size();
  };
  CHECK(Ports(R"(, "STUNPort": -1, "DERPPort": 65535)") == 0);
  CHECK(Ports(R"(, "STUNPort": -2, "DERPPort": -1)") == 2);
  CHECK(Ports(R"(, "STUNPort": 65536, "DERPPort": 9999999999)") == 2);
}

TEST_CASE("circumstances of a node", "[derpmap][lint]") {
  CHECK(Codes(LintNodes(OneNode(R"(, "InsecureForTests": true)"))) ==
        Words{"map.single_region", "map.insecure"});
  const auto notes = LintNodes(R"({"Name": "a", "RegionID": 900, "HostName": "127.0.0.1"},
      {"Name": "b", "RegionID": 900, "HostName": "b.example.org", "IPv4": "100.64.0.1"},
      {"Name": "c", "RegionID": 900, "HostName": "c.example.org", "IPv4": "none"})");
  CHECK(Codes(notes) == Words{"map.single_region", "map.private_address", "map.private_address",
                              "map.no_literal_address"});
  CHECK(notes[1].fact == "127.0.0.1 is a loopback address");
}

TEST_CASE("one address for two relays is a warning, one endpoint another", "[derpmap][lint]") {
  const std::string a = R"({"Name": "a", "RegionID": 900, "HostName": "192.0.2.1"})";
  const auto ports = LintNodes(
      a + R"(, {"Name": "b", "RegionID": 900, "HostName": "192.0.2.1", "DERPPort": 8443})");
  CHECK(Codes(ports) == Words{"map.single_region", "map.shared_address"});
  CHECK(ports[1].peers == Words{"b"});
  const auto same = LintNodes(
      a + R"(, {"Name": "b", "RegionID": 900, "HostName": "x.example.org", "IPv4": "192.0.2.1"})");
  CHECK(Codes(same) == Words{"map.single_region", "map.duplicate_endpoint"});
  const auto one_name = LintNodes(
      R"({"Name": "a", "RegionID": 900, "HostName": "x.example.org", "IPv4": "192.0.2.1"},
         {"Name": "b", "RegionID": 900, "HostName": "x.example.org", "IPv4": "192.0.2.2"})");
  CHECK(Codes(one_name) == Words{"map.single_region"});
}

TEST_CASE("a sound map is given nothing but circumstances", "[derpmap][lint]") {
  CHECK(Codes(LintFile("valid.json")) ==
        Words{"map.avoid", "map.insecure", "map.no_literal_address"});
}
