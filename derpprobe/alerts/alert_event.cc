#include "derpprobe/alerts/alert_event.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/cli/version.h"

namespace derp::probe {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<AlertState, std::string_view>, 5> kNames{{
    {AlertState::kOk, "ok"},
    {AlertState::kDegraded, "degraded"},
    {AlertState::kDown, "down"},
    {AlertState::kCutOff, "cut_off"},
    {AlertState::kGone, "gone"},
}};

std::string_view KindName(AlertKind kind) {
  if (kind == AlertKind::kProber) return "prober";
  return kind == AlertKind::kRegion ? "region" : "node";
}

std::string_view Words(const AlertEvent& event) {
  switch (event.state) {
    case AlertState::kOk:
      return "has recovered";
    case AlertState::kDegraded:
      return event.kind == AlertKind::kProber ? "cannot judge everything" : "is degraded";
    case AlertState::kDown:
      return "is down";
    case AlertState::kCutOff:
      return "is cut off: nothing is known of the relays";
    case AlertState::kGone:
      return "is no longer in the map";
  }
  return "";
}

}  // namespace

std::string AlertSentence(const AlertEvent& event) {
  std::string text = fmt::format("{} {}", AlertPlace(event), Words(event));
  if (event.state == AlertState::kOk || event.state == AlertState::kGone) return text;
  text += fmt::format(" ({} of the last {} rounds bad)", event.bad, event.rounds);
  if (!event.findings.empty()) {
    const diagnosis::Finding& worst = event.findings.front();
    text += fmt::format(": {}: {}", worst.code, worst.headline);
  }
  return text;
}

namespace {

Json FindingObject(const diagnosis::Finding& finding) {
  Json families = Json::array();
  for (const AddressFamily family : finding.families) families.push_back(FamilyName(family));
  return {{"code", finding.code},
          {"severity", SeverityName(finding.severity)},
          {"stage", StageName(finding.stage)},
          {"families", std::move(families)},
          {"headline", finding.headline},
          {"fact", finding.fact},
          {"advice", finding.advice}};
}

}  // namespace

std::string_view AlertStateName(AlertState state) {
  for (const auto& [value, name] : kNames) {
    if (value == state) return name;
  }
  return "";
}

std::optional<AlertState> ParseAlertState(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string AlertPlace(const AlertEvent& event) {
  if (event.kind == AlertKind::kProber) return "prober";
  return event.place.node.empty() ? event.region : event.region + "/" + event.place.node;
}

std::string AlertJson(const AlertEvent& event, std::string_view vantage) {
  const bool prober = event.kind == AlertKind::kProber;
  Json findings = Json::array();
  for (const auto& finding : event.findings) findings.push_back(FindingObject(finding));
  const Json document = {
      {"schema", "derpprobe.alert/1"},
      {"tool_version", cli::Version()},
      {"time", FormatRfc3339(event.at)},
      {"vantage", vantage},
      {"text", AlertSentence(event)},
      {"kind", KindName(event.kind)},
      {"place", AlertPlace(event)},
      {"region", prober ? Json(nullptr) : Json(event.region)},
      {"region_id", prober ? Json(nullptr) : Json(event.place.region_id)},
      {"node", event.place.node.empty() ? Json(nullptr) : Json(event.place.node)},
      {"state", AlertStateName(event.state)},
      {"before", AlertStateName(event.before)},
      {"rounds", {{"bad", event.bad}, {"of", event.rounds}}},
      {"since", FormatRfc3339(event.since)},
      {"findings", std::move(findings)}};
  // Texts come from the network: what is not UTF-8 is replaced.
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace derp::probe
