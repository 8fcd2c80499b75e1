// The words every verdict is made of (findings.md): stages, outcomes, severities, findings.
// Values only; the catalogue of codes is in catalogue.h, the rules that judge in judgement.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/socket_address.h"

namespace derp::diagnosis {

enum class Stage {  // The main chain first, in its order; then what stands beside it.
  kMap,
  kDns,
  kTcp,
  kTls,
  kCert,
  kHttp,
  kDerp,
  kRelay,
  kMesh,
  kStun,
  kPort80,
  kLatency,
  kWs,
  kAdmission,
  kBandwidth,
  kQueue,
  kProber,
};
std::string_view StageName(Stage stage);  // "map", "dns" …

enum class Outcome { kOk, kWarn, kFail, kSkipped, kNotReached };
std::string_view OutcomeName(Outcome outcome);  // "ok", "warn", "fail", "skipped", "not_reached"

enum class Severity { kError, kWarning, kInfo };
std::string_view SeverityName(Severity severity);

enum class Verdict { kUsable, kImpaired, kUnusable, kUnknown };
std::string_view VerdictName(Verdict verdict);

using DataValue = std::variant<std::int64_t, double, bool, std::string>;

struct Finding {
  std::string code;  // of the catalogue
  Severity severity = Severity::kError;
  Stage stage = Stage::kMap;
  std::string region;  // region code; empty: the map or the prober itself
  std::int64_t region_id = 0;
  std::string node;                // empty: about the region
  std::vector<std::string> peers;  // mesh and map findings about several nodes
  std::vector<AddressFamily> families;
  std::string headline;  // stands alone behind "error[code] region/node: "
  std::string where;     // "derp5b.example.net:443 (192.0.2.52)", may be empty
  std::string fact;      // one sentence with the measured values
  std::string advice;    // one sentence, says what to do
  std::vector<Stage> not_reached;
  std::map<std::string, DataValue> data;  // units in the names
};

struct StageResult {
  Stage stage = Stage::kMap;
  std::optional<AddressFamily> family;  // none for relay, mesh and dns
  Outcome outcome = Outcome::kOk;
  Duration duration{};         // zero unless it ran
  std::string code;            // of the finding that decided it, else empty
  std::string reason;          // why skipped ("STUNPort -1", "not asked for")
  std::optional<Stage> after;  // not reached: the stage that failed
};

}  // namespace derp::diagnosis
