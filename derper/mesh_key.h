// Where the mesh key comes from (derper.md 4.2, 4.3): with -dev the environment, else the secrets
// server, else the file.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "common/secrets/setec.h"
#include "derper/options.h"

namespace derp::relay {

// At start. No source is no error; a wrong, empty, all-zero or unreadable key is one. Without a
// value, not even a cached one, waits for the secrets server. Logs what was found, never the key.
// Blocking.
Expected<std::optional<MeshKey>, Error> LoadMeshKey(const Options& options,
                                                    const Environment& environment,
                                                    const Clock& clock, const Logger& logger);

// The same without waiting, for a reload or to see whether a start would work: there must be such a
// source. A fetched key goes into the cache.
Expected<MeshKey, Error> ReadMeshKeyFile(const std::string& path);
Expected<MeshKey, Error> FetchMeshKey(const secrets::SetecSource& source, const Clock& clock,
                                      const Logger& logger);

// The secret's name is that of the Go program. When -secrets-cache-dir is a directory, the cache is
// secrets.json in it.
secrets::SetecSource MeshKeySecret(const Options& options);

}  // namespace derp::relay
