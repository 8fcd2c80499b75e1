#include "derper/relay/debug_logs.h"

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "common/base/text.h"

namespace derp::relay {
namespace {

Error BadVariable(const char* name, std::string_view value) {
  return {
      .code = ErrorCode::kInvalidArgument,
      .context = fmt::format("invalid value {} for environment variable {}", GoQuote(value), name)};
}

}  // namespace

Expected<DebugLogs, Error> DebugLogs::FromEnvironment(
    const std::map<std::string, std::string>& environment) {
  DebugLogs logs;
  for (const auto& [name, wanted] : {std::pair("DERP_DEBUG_LOGS", &logs.frames),
                                     std::pair("DERP_PROBER_DEBUG_LOGS", &logs.prober_frames)}) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) continue;
    const auto value = ParseGoBool(found->second);
    if (!value) return Fail(BadVariable(name, found->second));
    *wanted = *value;
  }
  constexpr const char* kDrops = "TS_DEBUG_VERBOSE_DROPS";
  const auto drops = environment.find(kDrops);
  if (drops == environment.end()) return logs;
  for (const std::string_view item : Split(drops->second, ',')) {
    const std::string_view text = TrimSpace(item);
    if (text.empty()) continue;
    const auto key = NodePublic::ParseUntyped(text);
    if (!key) return Fail(BadVariable(kDrops, drops->second));
    logs.drops_to.push_back(*key);
  }
  return logs;
}

}  // namespace derp::relay
