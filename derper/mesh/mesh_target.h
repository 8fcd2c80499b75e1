// The list of -mesh-with (derper.md 6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/derp/relay_url.h"

namespace derp::relay {

struct MeshTarget {
  std::string host;       // as written, perhaps with a port: name for logs and metrics
  std::string dial_host;  // where TCP goes instead; empty: to the host
  RelayUrl url;
};

// Comma-separated "host" or "host/dial-host"; blanks around entries and empty entries are ignored.
Expected<std::vector<MeshTarget>, Error> ParseMeshWith(std::string_view list);

}  // namespace derp::relay
