// The file that keeps secrets between runs, so that a program starts while their server is away
// (derpprobe.md 1.1). JSON as the setec client writes it; mode 0600, missing directories 0700.
// Blocking; one process at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace derp::secrets {

struct Secret {
  std::string value;
  std::int64_t version = 0;
};

// Makes the directories. kInvalidArgument: `path` exists and is no regular file.
Expected<void, Error> PrepareSecretCache(const std::string& path);

// Empty when there is no file or no such secret in it. kProtocol: the content is no cache.
Expected<std::optional<Secret>, Error> ReadCachedSecret(const std::string& path,
                                                        const std::string& name);

// Keeps the other secrets of the file; a file that is no cache is replaced.
Expected<void, Error> WriteCachedSecret(const std::string& path, const std::string& name,
                                        const Secret& secret, WallTime now);

}  // namespace derp::secrets
