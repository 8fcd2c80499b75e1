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

// What a source said of its document, for the next question. Empty for files and sockets.
struct MapValidators {
  std::string etag;
  std::string last_modified;
};

struct MapAnswer {
  bool unchanged = false;  // it is still the document of `known`
  std::string text;
  MapValidators validators;
};

// Asks on condition that the document is not that of `known` (RFC 9110 section 13); a default value
// asks for it whatever it is. The error is as below, without a place in the text.
Expected<MapAnswer, Error> FetchMapText(const derpmap::MapSource& source,
                                        const MapValidators& known,
                                        const std::string& tailscaled_socket, TimePoint deadline);

// The error says what the system, the HTTP status or the place in the text says; naming the source
// is the caller's. kProtocol: there was an answer, but no map; kNotFound: no such file.
Expected<derpmap::MapDocument, Error> FetchMap(const derpmap::MapSource& source,
                                               const std::string& tailscaled_socket,
                                               TimePoint deadline);

}  // namespace derp
