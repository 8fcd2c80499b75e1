#include "common/diagnosis/finding.h"

namespace derp::diagnosis {

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kMap:
      return "map";
    case Stage::kDns:
      return "dns";
    case Stage::kTcp:
      return "tcp";
    case Stage::kTls:
      return "tls";
    case Stage::kCert:
      return "cert";
    case Stage::kHttp:
      return "http";
    case Stage::kDerp:
      return "derp";
    case Stage::kRelay:
      return "relay";
    case Stage::kMesh:
      return "mesh";
    case Stage::kStun:
      return "stun";
    case Stage::kPort80:
      return "port80";
    case Stage::kLatency:
      return "latency";
    case Stage::kWs:
      return "ws";
    case Stage::kAdmission:
      return "admission";
    case Stage::kBandwidth:
      return "bandwidth";
    case Stage::kQueue:
      return "queue";
    case Stage::kProber:
      return "prober";
  }
  return "";
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kWarn:
      return "warn";
    case Outcome::kFail:
      return "fail";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kNotReached:
      return "not_reached";
  }
  return "";
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      return "info";
  }
  return "";
}

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUsable:
      return "usable";
    case Verdict::kImpaired:
      return "impaired";
    case Verdict::kUnusable:
      return "unusable";
    case Verdict::kUnknown:
      return "unknown";
  }
  return "";
}

}  // namespace derp::diagnosis
