// Secrets from a setec server (derpprobe.md 1.1): one POST per secret, a cache file for the times
// the server is away. Blocking.
#pragma once

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/secrets/secret_cache.h"

namespace derp::secrets {

struct SetecSource {
  std::string url;                    // of the server
  std::string name;                   // "prod/derp/meshkey"
  std::string cache_file;             // empty: none
  std::function<bool()> cancelled{};  // as in http::FetchRequest
};

// Path and secret joined as paths are: "prod/derp/" and "meshkey" to "prod/derp/meshkey".
std::string SecretName(std::string_view prefix, std::string_view name);

// One request. The error says what the server said; never the value.
Expected<Secret, Error> FetchSecret(const SetecSource& source, TimePoint deadline);

// How long to try, and how the time between tries passes.
struct SecretPatience {
  Duration longest = std::chrono::minutes(5);
  std::function<void(Duration)> wait;  // empty: sleeps
};

// The server's value, which then goes into the cache; else the cached one, however old; else tries
// again, with a log line per try, until there is a value or the patience ends.
Expected<Secret, Error> ObtainSecret(const SetecSource& source, const SecretPatience& patience,
                                     const Clock& clock, const Logger& logger);

}  // namespace derp::secrets
