// Where a map comes from, as written on a command line (derpprobe.md 3.1 and 12.1). Only the text
// is judged here; who fetches is the program.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace derp::derpmap {

struct MapSource {
  enum class Kind {
    kLocal,  // tailscaled's socket
    kUrl,    // http or https
    kFile,   // file:///abs/path, file://localhost/abs/path, or a bare path
    kStdin,  // "-"
  };
  Kind kind = Kind::kFile;
  std::string location;  // the URL or the path; empty for kLocal and kStdin
  std::string shown;     // for people: without user name, password and query
};

Expected<MapSource, Error> ParseMapSource(std::string_view text);

}  // namespace derp::derpmap
