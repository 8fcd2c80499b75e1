// How the bytes of the day are kept over a restart: one line per key, readable by people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"

namespace derp::relay {

inline constexpr std::size_t kMaxQuotaFile = 16 * 1024 * 1024;  // of some 150,000 keys

struct QuotaTable {
  std::int64_t day = 0;  // of UTC, since 1970-01-01
  std::vector<std::pair<NodePublic, std::uint64_t>> used;
};

std::int64_t DayOf(WallTime time);
std::string DayText(std::int64_t day);  // "2026-11-21"

std::string QuotaFileText(const QuotaTable& table);

// An error says what is wrong, with the line's number. A file that was cut off is an error too.
Expected<QuotaTable, Error> ParseQuotaFile(std::string_view text);

}  // namespace derp::relay
