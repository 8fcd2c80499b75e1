// Brings the map from where the command line says, and nowhere else: no source is replaced by
// another one behind the user's back.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/derpmap/note.h"
#include "common/derpmap/source.h"

namespace derp::netcheck {

// Blocks until `deadline` at the latest (a file or stdin is read as it comes). `socket` is
// tailscaled's. A map without any region is an error: there is nothing to measure.
Expected<derpmap::MapDocument, Error> LoadMap(const derpmap::MapSource& source,
                                              const std::string& socket, TimePoint deadline);

}  // namespace derp::netcheck
