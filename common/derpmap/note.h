// What is worth saying about a map (the map.* codes of findings.md 3). Readers, merge and lint give
// notes; severity, headline and advice of a code are in common/diagnosis/catalogue.h.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "common/derpmap/model.h"

namespace derp::derpmap {

using NoteValue = std::variant<std::int64_t, double, bool, std::string>;

struct Note {
  std::string code;  // "map.bad_port"
  RegionId region_id = 0;
  std::string region;  // its code, or its id as text; empty: the map as a whole
  std::string node;    // empty: about the region
  std::vector<std::string> peers;
  std::string fact;  // one sentence with the values, printable, without a final dot
  std::map<std::string, NoteValue> data;

  bool operator==(const Note&) const = default;
};

// A map and what was noticed while reading it. Ids are already put right: every region carries its
// key, every node its region.
struct MapDocument {
  DerpMap map;
  std::vector<Note> notes;
};

// How a region is called in notes: its code, or its id when it has none.
std::string RegionLabel(const Region& region);

}  // namespace derp::derpmap
