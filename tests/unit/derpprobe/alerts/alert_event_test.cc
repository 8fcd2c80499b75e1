#include "derpprobe/alerts/alert_event.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "common/diagnosis/catalogue.h"

namespace derp {

using probe::AlertEvent;
using probe::AlertKind;
using probe::AlertState;

namespace {

AlertEvent Down() {
  AlertEvent event;
  event.place = {5, "5b"};
  event.region = "fra";
  event.state = AlertState::kDown;
  event.bad = 3;
  event.rounds = 5;
  event.since = FromUnixSeconds(1'795'000'000);
  event.at = FromUnixSeconds(1'795'000'030);
  diagnosis::Finding finding = diagnosis::MakeFinding("cert.expired");
  finding.headline = "certificate expired 2 days ago";
  finding.fact = "issuer \"\xff\"";
  finding.advice = "renew it";
  finding.families = {AddressFamily::kIpv4};
  event.findings = {finding};
  return event;
}

}  // namespace

TEST_CASE("an event is one line of JSON with place, states, rounds and findings", "[alerts]") {
  const std::string text = AlertJson(Down(), "probe-1");
  CHECK(text.find('\n') == std::string::npos);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  REQUIRE(json.is_object());
  CHECK(json["schema"] == "derpprobe.alert/1");
  CHECK(json["time"] == "2026-11-18T11:07:10Z");
  CHECK(json["since"] == "2026-11-18T11:06:40Z");
  CHECK(json["vantage"] == "probe-1");
  CHECK(
      json["text"] ==
      "fra/5b is down (3 of the last 5 rounds bad): cert.expired: certificate expired 2 days ago");
  CHECK(json["kind"] == "node");
  CHECK(json["place"] == "fra/5b");
  CHECK(json["region"] == "fra");
  CHECK(json["region_id"] == 5);
  CHECK(json["node"] == "5b");
  CHECK(json["state"] == "down");
  CHECK(json["before"] == "ok");
  CHECK(json["rounds"]["bad"] == 3);
  CHECK(json["rounds"]["of"] == 5);
  REQUIRE(json["findings"].size() == 1);
  CHECK(json["findings"][0]["code"] == "cert.expired");
  CHECK(json["findings"][0]["stage"] == "cert");
  CHECK(json["findings"][0]["families"][0] == "ipv4");
}

TEST_CASE("the prober's event names no region", "[alerts]") {
  AlertEvent event = Down();
  event.kind = AlertKind::kProber;
  event.place = {probe::kProberRegion, ""};
  event.region.clear();
  event.state = AlertState::kCutOff;
  event.findings = {diagnosis::MakeFinding("prober.offline")};
  const auto json = nlohmann::json::parse(AlertJson(event, ""), nullptr, false);
  CHECK(json["kind"] == "prober");
  CHECK(json["state"] == "cut_off");
  CHECK(json["region"].is_null());
  CHECK(json["region_id"].is_null());
  CHECK(json["node"].is_null());
}

TEST_CASE("recovery says so", "[alerts]") {
  AlertEvent event = Down();
  event.before = AlertState::kDown;
  event.state = AlertState::kOk;
  event.place.node.clear();
  event.kind = AlertKind::kRegion;
  const auto json = nlohmann::json::parse(AlertJson(event, ""), nullptr, false);
  CHECK(json["text"] == "fra has recovered");
  CHECK(json["place"] == "fra");
  CHECK(json["node"].is_null());
}

TEST_CASE("names of states go both ways", "[alerts]") {
  for (const AlertState state : {AlertState::kOk, AlertState::kDegraded, AlertState::kDown,
                                 AlertState::kCutOff, AlertState::kGone}) {
    CHECK(probe::ParseAlertState(AlertStateName(state)) == state);
  }
  CHECK_FALSE(probe::ParseAlertState(""));
}

}  // namespace derp
