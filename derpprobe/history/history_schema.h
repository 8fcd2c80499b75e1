// The tables of the history's file. A change of meaning takes another kSchemaVersion.
#pragma once

#include <cstdint>

namespace derp::probe {

inline constexpr std::int64_t kApplicationId = 0x64657270;  // "derp", in the file's header
inline constexpr std::int64_t kSchemaVersion = 1;           // its user_version

// Buckets: quarter hours since 1970; worst 0 usable, 1 impaired, 2 unusable; round trips in
// microseconds. Days: since 1970. Times: Unix seconds.
inline constexpr const char* kSchema = R"(
CREATE TABLE places (
  id INTEGER PRIMARY KEY, region_id INTEGER NOT NULL, node TEXT NOT NULL,
  UNIQUE (region_id, node));
CREATE TABLE buckets (
  number INTEGER NOT NULL, place INTEGER NOT NULL, rounds INTEGER NOT NULL,
  available INTEGER NOT NULL, worst INTEGER NOT NULL, p10 INTEGER, median INTEGER, p90 INTEGER,
  sent INTEGER NOT NULL, lost INTEGER NOT NULL, PRIMARY KEY (number, place)) WITHOUT ROWID;
CREATE TABLE days (
  day INTEGER NOT NULL, place INTEGER NOT NULL, rounds INTEGER NOT NULL,
  available INTEGER NOT NULL, quarters INTEGER NOT NULL, PRIMARY KEY (day, place)) WITHOUT ROWID;
CREATE TABLE transitions (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL,
  state INTEGER NOT NULL);
CREATE TABLE findings (
  key TEXT PRIMARY KEY, since INTEGER NOT NULL, rounds INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alerts (
  region_id INTEGER NOT NULL, node TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (region_id, node)) WITHOUT ROWID;
)";

}  // namespace derp::probe
