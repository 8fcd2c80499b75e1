#include "derper/mesh/mesh_target.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "derper/relay/mesh_port.h"

namespace derp::relay {
namespace {

Error Invalid(std::string text) {
  return {.code = ErrorCode::kInvalidArgument, .context = std::move(text)};
}

}  // namespace

Expected<std::vector<MeshTarget>, Error> ParseMeshWith(std::string_view list) {
  std::vector<MeshTarget> targets;
  for (const std::string_view item : Split(list, ',')) {
    const std::string_view entry = TrimSpace(item);
    if (entry.empty()) continue;
    const std::vector<std::string_view> parts = Split(entry, '/');
    if (parts.size() > 2) {
      return Fail(Invalid("too many components in host tuple " + GoQuote(entry)));
    }
    MeshTarget target{.host = std::string(parts[0]),
                      .dial_host = parts.size() == 2 ? std::string(parts[1]) : std::string(),
                      .url = {}};
    const auto url = RelayUrl::Parse("https://" + target.host + "/derp");
    const bool no_dial_host = parts.size() == 2 && target.dial_host.empty();
    if (!url || target.host.empty() || no_dial_host) {
      return Fail(Invalid("cannot read --mesh-with entry " + GoQuote(entry)));
    }
    target.url = *url;
    if (targets.size() == kMaxMeshLinks) {
      return Fail(Invalid(fmt::format("--mesh-with names more than {} relays", kMaxMeshLinks)));
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace derp::relay
