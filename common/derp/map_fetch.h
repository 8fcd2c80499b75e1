// Gets a DERP map from where a command line says it is (derpprobe.md 3.1): tailscaled's socket,
// http and https, a file, standard input. Blocking; bounded in bytes and time.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/derpmap/note.h"
#include "common/derpmap/source.h"

namespace derp {

// Where tailscaled listens: the platform's default path (derper.md 5.1).
inline constexpr std::string_view kTailscaledSocket = "/var/run/tailscale/tailscaled.sock";

// The error says what the system, the HTTP status or the place in the text says; naming the source
// is the caller's. kProtocol: there was an answer, but no map; kNotFound: no such file.
Expected<derpmap::MapDocument, Error> FetchMap(const derpmap::MapSource& source,
                                               const std::string& tailscaled_socket,
                                               TimePoint deadline);

}  // namespace derp
