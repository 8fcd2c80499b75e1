// Where the mesh key comes from (derper.md 4.2): with -dev the environment, else the file.
#pragma once

#include <optional>

#include "common/base/log.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "derper/options.h"

namespace derp::relay {

// No key is no error; a wrong or unreadable one is. Logs what was found, never the key.
Expected<std::optional<MeshKey>, Error> LoadMeshKey(const Options& options,
                                                    const Environment& environment,
                                                    const Logger& logger);

}  // namespace derp::relay
